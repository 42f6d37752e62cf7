"""LightGBM's trees as one ONNX TreeEnsembleRegressor, written node by node: no converter package is needed."""

from __future__ import annotations

from pathlib import Path

import numpy as np


def export_trees(boosters: list, features: int, path: Path) -> None:
    """The mean raw score of the boosters. Input "values" B x features float32, output B x 1."""
    import onnx
    from onnx import TensorProto, helper

    table: dict[str, list] = {
        k: [] for k in ("treeids", "nodeids", "featureids", "values", "modes", "truenodeids", "falsenodeids")
    }
    leaves: dict[str, list] = {k: [] for k in ("treeids", "nodeids", "ids", "weights")}
    tree_id = 0
    for booster in boosters:
        for tree in booster.dump_model()["tree_info"]:
            _add(tree["tree_structure"], tree_id, table, leaves, 1 / len(boosters))
            tree_id += 1
    attributes = {f"nodes_{k}": v for k, v in table.items()} | {f"target_{k}": v for k, v in leaves.items()}
    node = helper.make_node(
        "TreeEnsembleRegressor",
        ["values"],
        ["score"],
        domain="ai.onnx.ml",
        n_targets=1,
        post_transform="NONE",
        aggregate_function="SUM",
        **attributes,
    )
    graph = helper.make_graph(
        [node],
        "authenticate_trees",
        [helper.make_tensor_value_info("values", TensorProto.FLOAT, ["b", features])],
        [helper.make_tensor_value_info("score", TensorProto.FLOAT, ["b", 1])],
    )
    model = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", 17), helper.make_opsetid("ai.onnx.ml", 3)], ir_version=9
    )
    onnx.checker.check_model(model)
    path.write_bytes(model.SerializeToString())


def _add(node: dict, tree: int, table: dict, leaves: dict, share: float) -> int:
    """Adds a node and what hangs below it, and gives its number."""
    number = _next(table, tree)
    table["treeids"].append(tree)
    table["nodeids"].append(number)
    at = len(table["nodeids"]) - 1
    leaf = "leaf_value" in node
    table["modes"].append("LEAF" if leaf else "BRANCH_LEQ")
    table["featureids"].append(0 if leaf else node["split_feature"])
    table["values"].append(0.0 if leaf else _as_float32(node["threshold"]))
    table["truenodeids"].append(0)
    table["falsenodeids"].append(0)
    if leaf:
        for key, value in (("treeids", tree), ("nodeids", number), ("ids", 0), ("weights", node["leaf_value"] * share)):
            leaves[key].append(value)
        return number
    table["truenodeids"][at] = _add(node["left_child"], tree, table, leaves, share)
    table["falsenodeids"][at] = _add(node["right_child"], tree, table, leaves, share)
    return number


def _next(table: dict, tree: int) -> int:
    return table["nodeids"][-1] + 1 if table["treeids"] and table["treeids"][-1] == tree else 0


def _as_float32(threshold: float) -> float:
    """The largest float32 that is not above the threshold: inputs are float32, so comparisons come out the same."""
    value = np.float32(threshold)
    return float(np.nextafter(value, np.float32(-np.inf)) if float(value) > threshold else value)
