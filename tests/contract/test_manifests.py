"""Are the manifests what Kubernetes understands, and what the service is?"""

from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from crawler.config import Settings

ROOT = Path(__file__).parents[2]
DOCUMENTS = [
    document
    for path in sorted((ROOT / "deploy/kubernetes").glob("*.yaml"))
    for document in yaml.safe_load_all(path.read_text("utf-8"))
]
NAMES = [f"{document['kind']} {document['metadata']['name']}" for document in DOCUMENTS]
OLDEST, NEWEST = "1.29", kubernetes_validate.latest_version()


@pytest.mark.parametrize("version", [OLDEST, NEWEST])
@pytest.mark.parametrize("document", DOCUMENTS, ids=NAMES)
def test_manifests_are_valid(document: dict[str, Any], version: str) -> None:
    kubernetes_validate.validate(document, version, strict=True)


def test_the_validator_finds_what_is_wrong() -> None:
    wrong = {**DOCUMENTS[NAMES.index("Deployment socials-api")], "spec": {"replicas": "two"}}

    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(wrong, NEWEST, strict=True)


def test_manifests_agree_with_the_service() -> None:
    """Settings exist, selectors find their pods, and pods have time to hand back what they hold."""
    settings = DOCUMENTS[NAMES.index("ConfigMap socials")]["data"]
    assert {name.removeprefix("SOCIALS_").lower() for name in settings} <= Settings.model_fields.keys()
    labels = [
        document["spec"]["template"]["metadata"]["labels"]
        for document in DOCUMENTS
        if document["kind"] == "Deployment"
    ]
    assert DOCUMENTS[NAMES.index("Service socials")]["spec"]["selector"] in labels
    worker = DOCUMENTS[NAMES.index("Deployment socials-worker")]["spec"]["template"]["spec"]
    assert worker["terminationGracePeriodSeconds"] >= 30
