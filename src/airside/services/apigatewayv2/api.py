"""One API: its routes, integrations, authorizers, stages and deployments. Pure.

Members are kept under their names in the model, so that what Get... answers is what is kept.
"""

from typing import Any

import msgspec

Members = dict[str, Any]


class Snapshot(msgspec.Struct, frozen=True):
    """What a deployment froze: all that the data plane needs besides the stage."""

    routes: dict[str, Members]
    integrations: dict[str, Members]
    authorizers: dict[str, Members]
    cors: Members | None = None


class Api(msgspec.Struct):
    """The control plane's view of an API."""

    id: str
    account_id: str
    region: str
    settings: Members
    """The modelled members of the API itself."""
    routes: dict[str, Members] = {}
    integrations: dict[str, Members] = {}
    authorizers: dict[str, Members] = {}
    stages: dict[str, Members] = {}
    deployments: dict[str, Members] = {}
    stamp: str = ""
    """Changes with every change; caches compare it."""

    @property
    def arn(self) -> str:
        """What tags are attached to."""
        return f"arn:aws:apigateway:{self.region}::/apis/{self.id}"

    @property
    def domain_name(self) -> str:
        """The host name that AWS would give it."""
        return f"{self.id}.execute-api.{self.region}.amazonaws.com"

    def snapshot(self) -> Snapshot:
        """The present configuration, frozen."""
        return Snapshot(
            dict(self.routes),
            dict(self.integrations),
            dict(self.authorizers),
            self.settings.get("CorsConfiguration"),
        )

    def auto_deploy(self, deployment_id: str, now: float) -> set[str]:
        """Point every stage that deploys by itself to a new deployment.

        Returns the deployments that nothing needs any more; they are dropped.
        """
        stages = [stage for stage in self.stages.values() if stage.get("AutoDeploy")]
        if not stages:
            return set()
        for stage in stages:
            stage["DeploymentId"] = deployment_id
            stage["LastUpdatedDate"] = now
            stage["LastDeploymentStatusMessage"] = (
                f"Successfully deployed stage with deployment ID '{deployment_id}'"
            )
        self.deployments[deployment_id] = {
            "DeploymentId": deployment_id,
            "AutoDeployed": True,
            "CreatedDate": now,
            "DeploymentStatus": "DEPLOYED",
            "Description": "Automatic deployment triggered by changes to the Api configuration",
        }
        return self._drop_unused()

    def _drop_unused(self) -> set[str]:
        used = {stage.get("DeploymentId") for stage in self.stages.values()}
        stale = {
            name
            for name, deployment in self.deployments.items()
            if deployment["AutoDeployed"] and name not in used
        }
        for name in stale:
            del self.deployments[name]
        return stale

    def live_deployments(self) -> set[str]:
        """The deployments that stages serve."""
        return {
            stage["DeploymentId"] for stage in self.stages.values() if stage.get("DeploymentId")
        }
