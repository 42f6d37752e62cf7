"""An open clip: demuxed and decoded within bounds.

FFmpeg never guesses: the demuxer follows from our own look at the content, nothing but the one local file can be
opened, and only decoders of the list below are used.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TypeAlias

import av
from av.container import InputContainer
from av.stream import Disposition

from verify_media.codecs import isobmff
from verify_media.codecs.errors import DecodeError, refuse
from verify_media.codecs.limits import VIDEO
from verify_media.codecs.sniff import sniff
from verify_media.codecs.video_plan import Stop
from verify_media.machine import cores
from verify_media.records import Frame, Kind

_MOV = "mov"
_DEMUXERS = {
    "video/mp4": _MOV,
    "video/quicktime": _MOV,
    "video/3gpp": _MOV,
    "video/webm": "matroska",
    "video/x-matroska": "matroska",
    "video/x-msvideo": "avi",
    "video/x-ms-wmv": "asf",
    "video/x-flv": "flv",
    "video/mp2t": "mpegts",
    "video/mpeg": "mpeg",
}
_INDEXED = frozenset((_MOV, "avi"))
"""Demuxers that list every keyframe when they open; Matroska's cues and FLV's index are sparse or missing."""
_DECODERS = frozenset(
    "h264 hevc vvc av1 libdav1d vp8 vp9 libvpx libvpx-vp9 mpeg4 mpeg1video mpeg2video h263 h263p flv flv1 mjpeg "  # noqa: SIM905
    "msmpeg4 msmpeg4v1 msmpeg4v2 msmpeg4v3 wmv1 wmv2 wmv3 vc1 prores dnxhd cinepak svq1 svq3 dvvideo theora rawvideo "
    "huffyuv ffvhuff ffv1 qtrle rpza indeo3 indeo5 vp6 vp6f".split()
)
_ASF_ENCRYPTION = bytes.fromhex("fbb31122 23bdd211 b4b700a0 c955fc6e")
"""GUID of the Content Encryption Object."""
_MAX_THREADS = 4
"""Every decoding thread holds frames of its own: 4 at 4K 10-bit are 100 MB. And each decodes a frame ahead that a short
stretch does not need, so there are no more than cores."""
_EDGE_S = 1e-3
"""Slack for times that were rounded to a time base."""


Packet: TypeAlias = "av.Packet[av.VideoStream]"


@dataclass(slots=True)
class Budget:
    """What is left: time, and frames that may be decoded only to get from a keyframe to a later moment."""

    deadline: float
    dense_frames: int = VIDEO.max_dense_frames


@dataclass(frozen=True, slots=True)
class Clip:
    """Times that leave this module count from the container's start, as players count."""

    path: Path
    media_type: str
    container: InputContainer
    stream: av.VideoStream
    budget: Budget

    @property
    def time_base(self) -> Fraction:
        return self.stream.time_base or Fraction(1, 1000)

    @property
    def start_s(self) -> float:
        start: int | None = self.container.start_time
        return start / av.time_base if start else 0.0

    @property
    def duration_s(self) -> float:
        if self.container.duration:
            return float(self.container.duration / av.time_base)
        return float((self.stream.duration or 0) * self.time_base)

    @property
    def pixel_aspect(self) -> Fraction | None:
        aspect: Fraction | None = self.stream.sample_aspect_ratio
        return aspect

    def seconds(self, pts: int) -> float:
        return float(pts * self.time_base) - self.start_s

    def time_of(self, frame: av.VideoFrame) -> float:
        return self.seconds(frame.pts) if frame.pts is not None else 0.0

    def check_time(self) -> None:
        if time.monotonic() > self.budget.deadline:
            raise refuse("video-took-too-long", file=self.path.name)

    def hand_over(self, frame: Frame) -> Iterator[Frame]:
        """Yield the frame; the time that the caller spends on it is not ours."""
        began = time.monotonic()
        yield frame
        self.budget.deadline += time.monotonic() - began


@contextmanager
def opened(path: Path) -> Iterator[Clip]:
    """The clip with its main picture track. Raises DecodeError, whatever FFmpeg raises."""
    kind = sniff(path)
    if kind.kind is not Kind.VIDEO:
        raise refuse("video-expected", file=path.name)
    _refuse_unplayable(path, kind.media_type)
    try:
        with _container(path, kind.media_type) as container:
            stream = _main_stream(path, container)
            clip = Clip(path, kind.media_type, container, stream, Budget(time.monotonic() + VIDEO.timeout_s))
            _refuse_oversized(clip)
            yield clip
    except DecodeError:
        raise
    except MemoryError as error:
        raise refuse("photo-too-large-for-memory", file=path.name) from error
    except (av.FFmpegError, OSError, ValueError, ArithmeticError, LookupError, RuntimeError) as error:
        raise refuse("video-unreadable", file=path.name) from error


def _container(path: Path, media_type: str) -> InputContainer:
    demuxer = _DEMUXERS[media_type]
    options = {"protocol_whitelist": "file", "format_whitelist": demuxer_names(demuxer)}
    return av.open(
        f"file:{path.resolve()}",
        format=demuxer,
        options=options,
        metadata_errors="replace",
        timeout=VIDEO.open_timeout_s,
    )


def demuxer_names(demuxer: str) -> str:
    """The names under which FFmpeg registers the demuxer; its allow-list wants them all."""
    return {_MOV: "mov,mp4,m4a,3gp,3g2,mj2", "matroska": "matroska,webm"}.get(demuxer, demuxer)


def _refuse_unplayable(path: Path, media_type: str) -> None:
    """What FFmpeg would play in part or as noise."""
    size_bytes = path.stat().st_size
    with path.open("rb") as file:
        if media_type == "video/x-ms-wmv" and _ASF_ENCRYPTION in file.read(1 << 16):
            raise refuse("video-encrypted", file=path.name)
        if _DEMUXERS[media_type] != _MOV:
            return
        if isobmff.is_encrypted(file, size_bytes):
            raise refuse("video-encrypted", file=path.name)
        if isobmff.cut_off(file, size_bytes):
            raise refuse("video-cut-off", file=path.name)


def _main_stream(path: Path, container: InputContainer) -> av.VideoStream:
    """The largest picture track; cover art is none."""
    if len(container.streams) > VIDEO.max_streams:
        raise refuse("video-unreadable", file=path.name)
    tracks = [s for s in container.streams.video if not s.disposition & Disposition.attached_pic]
    if not tracks:
        raise refuse("audio-only" if container.streams.audio else "video-no-picture", file=path.name)
    tracks = [s for s in tracks if s.codec_context is not None]
    if not tracks:  # a codec that FFmpeg has no name for
        raise refuse("video-unreadable", file=path.name)
    stream = max(tracks, key=lambda s: (s.codec_context.width or 0) * (s.codec_context.height or 0))
    if "enc_key_id" in stream.metadata or stream.codec_tag in ("encv", "drmi"):
        raise refuse("video-encrypted", file=path.name)
    if stream.codec_context.codec.name not in _DECODERS:
        raise refuse("video-unreadable", file=path.name)
    stream.codec_context.options = {"max_pixels": str(VIDEO.max_pixels)}  # of each picture, not only the header's
    stream.thread_type = "AUTO"
    stream.codec_context.thread_count = min(_MAX_THREADS, cores())
    return stream


def _refuse_oversized(clip: Clip) -> None:
    context = clip.stream.codec_context
    width, height = context.width or 0, context.height or 0
    if width * height > VIDEO.max_pixels:
        raise refuse("video-too-large", file=clip.path.name, width=width, height=height)
    if clip.duration_s > VIDEO.max_duration_s:
        raise _too_long(clip)


def _too_long(clip: Clip) -> DecodeError:
    return refuse("video-too-long", file=clip.path.name, hours=round(VIDEO.max_duration_s / 3600))


def timeline(clip: Clip) -> tuple[list[float], float]:
    """Times of all keyframes, ascending, and the end: from the index where it is whole, else by reading all packets."""
    keys = _from_index(clip) if _DEMUXERS[clip.media_type] in _INDEXED else []
    if keys and clip.duration_s > 0:
        return keys, clip.duration_s
    keys, end_s = _from_packets(clip)
    return keys, clip.duration_s or end_s


def _from_index(clip: Clip) -> list[float]:
    """Nothing where the index ends long before the clip does (fragments)."""
    entries = list(clip.stream.index_entries)
    if not entries or clip.seconds(entries[-1].timestamp) < 0.8 * clip.duration_s:
        return []
    return sorted({max(0.0, clip.seconds(e.timestamp)) for e in entries if e.is_keyframe and not e.is_discard})


def _from_packets(clip: Clip) -> tuple[list[float], float]:
    """Recordings of browsers have no length in their header, so it is measured."""
    found, end_s = set(), 0.0
    for packet in clip.container.demux(clip.stream):
        clip.check_time()
        moment = packet.pts if packet.pts is not None else packet.dts
        if moment is None:
            continue
        end_s = max(end_s, clip.seconds(moment + (packet.duration or 0)))
        if end_s > VIDEO.max_duration_s:
            raise _too_long(clip)
        if packet.is_keyframe:
            found.add(max(0.0, clip.seconds(moment)))
    return sorted(found), end_s


def seek(clip: Clip, time_s: float) -> None:
    """To the last keyframe at or before the moment."""
    target = int((time_s + clip.start_s + _EDGE_S) / clip.time_base)
    clip.container.seek(target, stream=clip.stream, backward=True)


def decoded(clip: Clip) -> Iterator[av.VideoFrame]:
    """Frames from here on, with the bounds looked at for each. Damaged packets are left out."""
    for packet in clip.container.demux(clip.stream):
        clip.check_time()
        yield from _frames_of(clip, packet)


def _frames_of(clip: Clip, packet: Packet | None) -> Iterator[av.VideoFrame]:
    try:
        frames = clip.stream.codec_context.decode(packet)
    except (av.error.InvalidDataError, av.error.EOFError):
        return
    for frame in frames:
        if frame.width * frame.height > VIDEO.max_pixels:
            raise refuse("video-too-large", file=clip.path.name, width=frame.width, height=frame.height)
        yield frame


def visit(clip: Clip, stop: Stop) -> Iterator[av.VideoFrame]:
    """The frames that the stop asks for; fewer where the file does not give them."""
    if not stop.fills_s:
        yield from _keyframe(clip, stop.key_s)
        return
    wanted = ([stop.key_s] if stop.shows_key else []) + list(stop.fills_s)
    for packet in _packets_from(clip, stop.key_s):
        for frame in _frames_of(clip, packet):
            clip.budget.dense_frames -= 1
            if clip.time_of(frame) >= wanted[0] - _EDGE_S:
                yield frame
                wanted = [moment for moment in wanted if moment > clip.time_of(frame) + _EDGE_S]
            if not wanted or clip.budget.dense_frames <= 0:
                return


def _packets_from(clip: Clip, key_s: float) -> Iterator[Packet]:
    """Packets from the keyframe at `key_s` on. Seeking may land earlier: MPEG-TS has no index, and in MOV a keyframe's
    time of showing lies behind the time of decoding that its index gives."""
    seek(clip, key_s)
    is_there = False
    for packet in clip.container.demux(clip.stream):
        clip.check_time()
        times = [clip.seconds(moment) for moment in (packet.pts, packet.dts) if moment is not None]
        is_there |= packet.is_keyframe and (not times or max(times) >= key_s - _EDGE_S)
        if is_there:
            yield packet


def _keyframe(clip: Clip, key_s: float) -> Iterator[av.VideoFrame]:
    """One keyframe alone: its packet, and the end of the stream behind it so that the decoder lets go of it.

    Not `skip_frame`: VP9's and AV1's decoders ignore it and would decode everything.
    """
    for packet in _packets_from(clip, key_s):
        if packet.is_keyframe and packet.size:
            frames = [*_frames_of(clip, packet), *_frames_of(clip, None)]
            clip.stream.codec_context.flush_buffers()
            if frames:
                yield frames[0]
                return
