"""Who has an account."""

import os
import re
import secrets
from dataclasses import asdict, dataclass

from botocore.exceptions import ClientError

from shop import database, passwords
from shop.web import ShopError

TABLE = os.environ["USERS_TABLE"]
EMAIL_LENGTH_MAX = 254
# Whether an address works only a letter to it can tell; this catches slips of the keyboard.
EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]+")


@dataclass(frozen=True)
class User:
    """An account. The id stays if the address ever changes."""

    email: str
    user_id: str
    password_hash: str


def check_email(email: object) -> str:
    """An e-mail address in the form it is stored under."""
    if isinstance(email, str):
        address = email.strip().lower()
        if len(address) <= EMAIL_LENGTH_MAX and EMAIL.fullmatch(address):
            return address
    raise ShopError(400, "invalid_email", "That does not look like an e-mail address.")


def register(email: str, password: str) -> User:
    """Open an account, unless the address has one."""
    user = User(email, secrets.token_hex(16), passwords.hash_password(password))
    try:
        database.dynamodb.put_item(
            TableName=TABLE,
            Item=database.to_item(asdict(user)),
            ConditionExpression="attribute_not_exists(#email)",
            ExpressionAttributeNames={"#email": "email"},
        )
    except ClientError as error:
        if database.condition_failed(error):
            message = "There is an account with this address. Sign in instead."
            raise ShopError(409, "email_taken", message) from error
        raise
    return user


def authenticate(email: str, password: str) -> User:
    """The account, if the password is right. Whether the address is known is not revealed."""
    item = database.get(TABLE, {"email": email})
    if passwords.matches(password, item["password_hash"] if item else None) and item:
        return User(**item)
    raise ShopError(401, "wrong_credentials", "The address or the password is not right.")
