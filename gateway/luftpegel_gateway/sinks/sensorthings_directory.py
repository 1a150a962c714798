"""Who is who on the server: the entities of our stations, looked up when first needed, made if missing.

An entity is searched by its key before it is made, and again after: a request whose answer was lost may have
made one in between (`sensorthings_doubles.py`).
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping

import msgspec

from luftpegel_gateway.model.names import Name
from luftpegel_gateway.model.station import Station
from luftpegel_gateway.sinks import sensorthings_entities as shapes
from luftpegel_gateway.sinks.sensorthings_api import Api, Entity, Id, literal
from luftpegel_gateway.sinks.sensorthings_doubles import Watch, by_key, key_of, search
from luftpegel_gateway.sinks.sensorthings_entities import STATION, Site

Who = tuple[str, str]  # tenant, station
Body = Callable[[], Entity]


class Address(msgspec.Struct, frozen=True):
    """Where an Observation goes."""

    datastream: Id
    feature: Id


class Known(msgspec.Struct):
    """What the server has of a station. `site`: as it was last told or found there."""

    site: Site
    thing: Id
    feature: Id
    streams: dict[int, Id]


class Directory:
    """All that is known of the server's entities; it begins empty and grows with the stations that report."""

    def __init__(
        self, api: Api, scope: str, station: Callable[[str, str], Station | None], watch: Watch
    ) -> None:
        """`station(id, tenant)`: what stations.toml says now."""
        self._api = api
        self._watch = watch
        self._scope = scope
        self._station = station
        self._known: dict[Who, Known] = {}
        self._shared: dict[tuple[str, str], Id] = {}  # (collection, key): Sensors and ObservedProperties

    async def addresses(self, names: Iterable[Name]) -> dict[Name, Address]:
        """Where each row goes; what is missing on the server is made. Raises OtherEndDown."""
        names = list(names)
        wanted: dict[Who, set[int]] = {}
        for name in names:
            wanted.setdefault((name.ref.tenant, name.ref.station), set()).add(name.channel)
        sites = {who: shapes.site_of(self._scope, *who, self._station(who[1], who[0])) for who in wanted}
        await self._stations(sites)
        await self._streams(sites, wanted)
        return {name: self._address(name) for name in names}

    def forget(self, names: Iterable[Name]) -> None:
        """Look these stations up anew: something of them is not on the server any more."""
        for name in names:
            self._known.pop((name.ref.tenant, name.ref.station), None)
        self._shared.clear()

    def _address(self, name: Name) -> Address:
        known = self._known[name.ref.tenant, name.ref.station]
        return Address(known.streams[name.channel], known.feature)

    async def _stations(self, sites: Mapping[Who, Site]) -> None:
        """Thing, Location and FeatureOfInterest of those that are new to us or have changed."""
        changed = {
            who: site
            for who, site in sites.items()
            if who not in self._known or self._known[who].site != site
        }
        if not changed:
            return
        things = await self._all("Things", {s.key: _call(shapes.thing, s) for s in changed.values()})
        await self._follow("Things", things, {s.key: shapes.labels(s) for s in changed.values()})
        placed = [site for site in changed.values() if site.place is not None]
        bodies = {site.key: _call(shapes.location, site, things[site.key]["@iot.id"]) for site in placed}
        locations = await self._all("Locations", bodies)
        await self._follow("Locations", locations, {site.key: shapes.moved(site) for site in placed})
        features = await self._all(
            "FeaturesOfInterest",
            {shapes.feature_key(site): _call(shapes.feature, site) for site in changed.values()},
        )
        fresh = [site.key for who, site in changed.items() if who not in self._known]
        streams = await self._found_streams(fresh)
        for who, site in changed.items():
            before = self._known.get(who)
            self._known[who] = Known(
                site,
                things[site.key]["@iot.id"],
                features[shapes.feature_key(site)]["@iot.id"],
                before.streams if before else _of_channels(site, streams),
            )

    async def _found_streams(self, keys: Iterable[str]) -> dict[str, Id]:
        """All Datastreams of some stations, by their keys."""
        terms = [f"properties/{STATION} eq {literal(key)}" for key in keys]
        found = await self._api.find("Datastreams", terms, select="id,properties")
        return {key: entity["@iot.id"] for key, entity in by_key(found).items()}

    async def _streams(self, sites: Mapping[Who, Site], wanted: Mapping[Who, set[int]]) -> None:
        """The Datastreams of these channels."""
        missing = [
            (who, channel)
            for who, channels in wanted.items()
            for channel in sorted(channels)
            if channel not in self._known[who].streams
        ]
        if not missing:
            return
        channels = {channel for _, channel in missing}
        sensors = await self._common("Sensors", channels, shapes.sensor)
        observed = await self._common("ObservedProperties", channels, shapes.observed_property)
        bodies = {
            shapes.datastream_key(sites[who], channel): _call(
                shapes.datastream,
                sites[who],
                channel,
                self._known[who].thing,
                sensors[shapes.quantity_key(self._scope, channel)],
                observed[shapes.quantity_key(self._scope, channel)],
            )
            for who, channel in missing
        }
        made = await self._all("Datastreams", bodies)
        for who, channel in missing:
            self._known[who].streams[channel] = made[shapes.datastream_key(sites[who], channel)]["@iot.id"]

    async def _common(
        self, collection: str, channels: Iterable[int], shape: Callable[[str, int], Entity]
    ) -> dict[str, Id]:
        """What all stations share, by key."""
        of = {shapes.quantity_key(self._scope, channel): channel for channel in channels}
        bodies = {
            key: _call(shape, self._scope, channel)
            for key, channel in of.items()
            if (collection, key) not in self._shared
        }
        for key, entity in (await self._all(collection, bodies)).items():
            self._shared[collection, key] = entity["@iot.id"]
        return {key: self._shared[collection, key] for key in of}

    async def _all(self, collection: str, bodies: Mapping[str, Body]) -> dict[str, Entity]:
        """The entities with these keys; those that are missing are made."""
        found = by_key(await search(self._api, collection, bodies))
        missing = [key for key in bodies if key not in found]
        if not missing:
            return found
        ours = await asyncio.gather(*(self._api.create(collection, bodies[key]()) for key in missing))
        there = await search(self._api, collection, missing)
        made = by_key(there, ours)
        for entity in there:
            if entity["@iot.id"] in ours and entity["@iot.id"] != made[key_of(entity)]["@iot.id"]:
                await self._api.remove(collection, entity["@iot.id"])
        for key in missing:
            if key not in made:
                raise self._api.lost(collection, key)
        self._watch.made(collection, {key: made[key]["@iot.id"] for key in missing})
        return found | made

    async def _follow(
        self, collection: str, there: Mapping[str, Entity], wanted: Mapping[str, Entity]
    ) -> None:
        """Have entities say what stations.toml says."""
        for key, body in wanted.items():
            entity = there[key]
            if all(entity.get(word) == body[word] for word in body):
                continue
            answer = await self._api.change(collection, entity["@iot.id"], body)
            if not answer.well:
                raise self._api.refuse(answer)


def _of_channels(site: Site, streams: Mapping[str, Id]) -> dict[int, Id]:
    """Those Datastreams whose channels can come; others are looked up when one does."""
    keys = {channel: shapes.datastream_key(site, channel) for channel in shapes.CHANNELS}
    return {channel: streams[key] for channel, key in keys.items() if key in streams}


def _call(shape: Callable[..., Entity], *words: object) -> Body:
    """A body that is made only when it is sent."""
    return lambda: shape(*words)
