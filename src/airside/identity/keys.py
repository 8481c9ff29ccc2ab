"""Long-term access keys: which environment and which principal a key id stands for.

The registry is the server's, not an environment's, because the key chooses the environment. It is
held in memory and written through to the server's own store.
"""

import re
from functools import cached_property, lru_cache

import msgspec

from airside.kernel import Ids, Principal, Snapshot, Store, Transaction
from airside.storage import pack, prefix_range

DEFAULT_ACCOUNT = "000000000000"
DEFAULT_SECRET = "test"
MAIN = "main"
_ACCOUNT = re.compile(r"\d{12}")
_PREFIX = "access-key"


class AccessKey(msgspec.Struct, frozen=True, dict=True):
    """One access key and whom it authenticates."""

    access_key_id: str
    secret_access_key: str
    environment: str
    kind: str
    arn: str
    account_id: str
    user_id: str

    @cached_property
    def principal(self) -> Principal:
        """The caller."""
        return Principal(
            self.kind, self.arn, self.account_id, self.user_id, self.access_key_id  # type: ignore[arg-type]
        )  # fmt: skip


@lru_cache(maxsize=1024)
def owner_key(access_key_id: str, secret: str, environment: str, account_id: str) -> AccessKey:
    """A key of an account's owner (root)."""
    arn = f"arn:aws:iam::{account_id}:root"
    return AccessKey(access_key_id, secret, environment, "root", arn, account_id, account_id)


class KeyRegistry:
    """All access keys of a server.

    With `defaults` (loopback only), `test` owns account 000000000000 and any 12-digit key id owns
    that account, both with the secret `test`, as users of local clouds expect.
    """

    def __init__(self, store: Store, ids: Ids, *, defaults: bool) -> None:
        self._store = store
        self._ids = ids
        self._defaults = defaults
        self._keys: dict[str, AccessKey] = {}

    async def load(self) -> None:
        """Read all keys; call once at start."""

        def body(snapshot: Snapshot) -> list[AccessKey]:
            start, end = prefix_range((_PREFIX,))
            return [msgspec.msgpack.decode(value, type=AccessKey)
                    for _, value in snapshot.scan(start, end)]  # fmt: skip

        self._keys = {key.access_key_id: key for key in await self._store.read(body)}

    def find(self, access_key_id: str) -> AccessKey | None:
        """The key, or None when there is none."""
        found = self._keys.get(access_key_id)
        if found is None and self._defaults:
            if access_key_id == "test":
                found = owner_key("test", DEFAULT_SECRET, MAIN, DEFAULT_ACCOUNT)
            elif _ACCOUNT.fullmatch(access_key_id):
                found = owner_key(access_key_id, DEFAULT_SECRET, MAIN, access_key_id)
        return found

    def of(self, environment: str) -> list[AccessKey]:
        """The keys that lead to an environment, owners' first."""
        found = [key for key in self._keys.values() if key.environment == environment]
        return sorted(found, key=lambda key: (key.kind != "root", key.access_key_id))

    async def create_owner(self, environment: str, account_id: str = DEFAULT_ACCOUNT) -> AccessKey:
        """Mint a key for an account's owner in an environment."""
        key = owner_key("AKIA" + self._ids.upper(16), self._secret(), environment, account_id)
        return await self._add(key)

    async def create_user(
        self, environment: str, account_id: str, user_arn: str, user_id: str
    ) -> AccessKey:
        """Mint a key for an IAM user."""
        key = AccessKey("AKIA" + self._ids.upper(16), self._secret(), environment, "user",
                        user_arn, account_id, user_id)  # fmt: skip
        return await self._add(key)

    async def restore(self, key: AccessKey) -> None:
        """Let a key authenticate again that was deleted for a while."""
        await self._add(key)

    async def delete(self, access_key_id: str) -> None:
        """Forget a key, whether it is there or not."""
        self._keys.pop(access_key_id, None)

        def body(tx: Transaction) -> None:
            tx.delete(pack((_PREFIX, access_key_id)))

        await self._store.transact(body)

    async def _add(self, key: AccessKey) -> AccessKey:
        def body(tx: Transaction) -> None:
            tx.put(pack((_PREFIX, key.access_key_id)), msgspec.msgpack.encode(key))

        await self._store.transact(body)
        self._keys[key.access_key_id] = key
        return key

    def _secret(self) -> str:
        return self._ids.lower(40)
