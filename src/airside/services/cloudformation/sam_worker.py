"""The SAM transform as a program: a request per line on stdin, an answer per line on stdout.

It runs apart from the server because aws-sam-translator takes a second and some 60 MB to import.
Request: `{"template": {...}, "parameters": {...}}`. Answer: `{"template": {...}}` or
`{"errors": ["...", ...], "message": "..."}`. It ends when its stdin does. It imports nothing of
ours, and it never reaches for a network: names of managed policies come from the table that the
translator brings, applications from the Serverless Application Repository are refused.
"""

import json
import sys
from typing import Any

from samtranslator.internal.managed_policies import get_bundled_managed_policy_map
from samtranslator.model.exceptions import InvalidDocumentException
from samtranslator.translator.transform import transform


class BundledPolicies:
    """Stands in for the loader that asks IAM."""

    def load(self) -> dict[str, str]:
        """ARNs of AWS's managed policies by name."""
        return get_bundled_managed_policy_map("aws") or {}


def answer(request: dict[str, Any]) -> dict[str, Any]:
    """The transformed template, or what is wrong with it."""
    template = request["template"]
    refused = _repository_applications(template)
    if refused:
        return {"message": "", "errors": refused}
    try:
        done = transform(template, request["parameters"], BundledPolicies())
    except InvalidDocumentException as error:
        return {"message": error.message, "errors": [cause.message for cause in error.causes]}
    return {"template": done}


def _repository_applications(template: dict[str, Any]) -> list[str]:
    """Applications whose templates would have to be fetched from AWS."""
    return [
        f"Resource with id [{name}] is invalid. Applications from the Serverless Application "
        "Repository are not supported by Airside; give the template's address as Location."
        for name, resource in template.get("Resources", {}).items()
        if isinstance(resource, dict)
        and resource.get("Type") == "AWS::Serverless::Application"
        and isinstance(resource.get("Properties", {}).get("Location"), dict)
    ]


def main() -> None:
    """Answer until stdin ends."""
    for line in sys.stdin:
        sys.stdout.write(json.dumps(answer(json.loads(line)), default=str) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
