"""Docker labels by which containers are recognised, as Coolify, Compose and Swarm write them."""

from __future__ import annotations

from typing import Final

# Coolify 4.3, bootstrap/helpers/docker.php. Names in them are slugs: lower case, ASCII, dashes.
COOLIFY_RESOURCE: Final = "coolify.resourceName"
COOLIFY_PROJECT: Final = "coolify.projectName"
COOLIFY_ENVIRONMENT: Final = "coolify.environmentName"
# 0 where the container is no preview of a pull request.
COOLIFY_PULL_REQUEST: Final = "coolify.pullRequestId"
# application, service (a one-click stack) or database.
COOLIFY_TYPE: Final = "coolify.type"
# standalone-postgresql, …
COOLIFY_DATABASE_TYPE: Final = "coolify.database.subType"
COOLIFY_MANAGED: Final = "coolify.managed"

# The resource's uuid, where Coolify started the container.
COMPOSE_PROJECT: Final = "com.docker.compose.project"
# The key in the compose file; of Coolify's applications without one, the container's name.
COMPOSE_SERVICE: Final = "com.docker.compose.service"
COMPOSE_ONE_OFF: Final = "com.docker.compose.oneoff"
SWARM_SERVICE: Final = "com.docker.swarm.service.name"
