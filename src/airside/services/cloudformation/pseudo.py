"""Pseudo parameters: what every template may refer to without declaring it."""

from collections.abc import Mapping, Sequence
from typing import Any

PSEUDO_PARAMETERS = frozenset(
    {
        "AWS::AccountId",
        "AWS::NoValue",
        "AWS::NotificationARNs",
        "AWS::Partition",
        "AWS::Region",
        "AWS::StackId",
        "AWS::StackName",
        "AWS::URLSuffix",
    }
)


def pseudo_parameters(
    account_id: str,
    region: str,
    stack_name: str,
    stack_id: str,
    notification_arns: Sequence[str] = (),
) -> Mapping[str, Any]:
    """Their values for one stack (AWS::NoValue is the evaluator's own)."""
    return {
        "AWS::AccountId": account_id,
        "AWS::NotificationARNs": list(notification_arns),
        "AWS::Partition": "aws",
        "AWS::Region": region,
        "AWS::StackId": stack_id,
        "AWS::StackName": stack_name,
        "AWS::URLSuffix": "amazonaws.com",
    }
