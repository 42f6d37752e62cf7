"""A CycloneDX bill of materials of an installed verify-media: `python sbom.py OUT.json`, run where it is installed.

Lists every package that it needs, by version, licence and package URL, the model weights by their hashes, and how they
depend on each other. It needs nothing but what it describes.
"""

from __future__ import annotations

import hashlib
import json
import re
import sys
import uuid
from collections.abc import Iterator
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

ROOT = "verify-media"


def closure(name: str) -> dict[str, tuple[Distribution, list[str]]]:
    """Every distribution that `name` needs here, with its direct needs; extras are left out."""
    found: dict[str, tuple[Distribution, list[str]]] = {}
    waiting = [name]
    while waiting:
        one = waiting.pop()
        if one in found:
            continue
        try:
            package = distribution(one)
        except PackageNotFoundError:  # for another system or an older Python
            continue
        needs = sorted(set(_needs(package)))
        found[one] = package, needs
        waiting += needs
    return {one: (package, [n for n in needs if n in found]) for one, (package, needs) in found.items()}


def _needs(package: Distribution) -> Iterator[str]:
    for line in package.requires or ():
        if "extra ==" not in line and (match := re.match(r"[A-Za-z0-9._-]+", line)):
            yield plain(match[0])


def plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def licence(package: Distribution) -> str:
    """As stated: the SPDX expression, else the classifiers, else the first line of the free text."""
    meta = package.metadata
    classifiers = [c.rpartition(" :: ")[2] for c in meta.get_all("Classifier") or () if c.startswith("License :: ")]
    first = next(iter((meta.get("License") or "").strip().splitlines()), "")
    return meta.get("License-Expression") or "; ".join(c for c in classifiers if c != "OSI Approved") or first


def bill(name: str = ROOT) -> dict[str, Any]:
    packages = closure(name)
    components = [_component(one, package) for one, (package, _) in sorted(packages.items()) if one != name]
    weights = list(_weights())
    needs = [
        {"ref": _purl(one, p), "dependsOn": [_purl(n, packages[n][0]) for n in ns]} for one, (p, ns) in packages.items()
    ]
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, json.dumps(components, sort_keys=True))}",
        "version": 1,
        "metadata": {"component": {**_component(name, packages[name][0]), "type": "application"}},
        "components": [*components, *weights],
        "dependencies": needs,
    }


def _component(name: str, package: Distribution) -> dict[str, Any]:
    stated = licence(package)
    told = {"expression": stated} if package.metadata.get("License-Expression") else {"license": {"name": stated}}
    purl = _purl(name, package)
    component = {"type": "library", "bom-ref": purl, "name": name, "version": package.version, "purl": purl}
    return {**component, "licenses": [told]} if stated else component


def _purl(name: str, package: Distribution) -> str:
    return f"pkg:pypi/{name}@{package.version}"


def _weights() -> Iterator[dict[str, Any]]:
    from verify_media import assets

    for name, entry in assets.manifest().items():
        digest = hashlib.sha256(assets.model(name).read_bytes()).hexdigest()
        yield {
            "type": "machine-learning-model",
            "bom-ref": f"model:{name}",
            "name": name,
            "version": str(entry.get("version", "")),
            "hashes": [{"alg": "SHA-256", "content": digest}],
        }


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(json.dumps(bill(), indent=2) + "\n", encoding="utf-8")
