"""What the tests share: the functions' folder on the path, and an environment like the deployed one."""

from __future__ import annotations

import os
import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent / "functions")]

os.environ.update(
    AWS_DEFAULT_REGION="eu-west-1",
    AWS_ACCESS_KEY_ID="test",
    AWS_SECRET_ACCESS_KEY="test",
    PRODUCTS_TABLE="products",
    CARTS_TABLE="carts",
    ORDERS_TABLE="orders",
    ORDERS_BY_USER_INDEX="by-user",
    USERS_TABLE="users",
    SESSIONS_TABLE="sessions",
    ORDERS_QUEUE_URL="https://sqs.eu-west-1.amazonaws.com/123456789012/orders",
)
