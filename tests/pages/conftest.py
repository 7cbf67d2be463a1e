"""What tests of settings share: one funnel, and the browsers of the head and of a seller beside it."""

from __future__ import annotations

import pytest

from pbx_crm.domain.funnel import Funnel
from tests import builders
from tests.site import Browser, Crm


@pytest.fixture
async def funnel(crm: Crm) -> Funnel:
    return await crm.database.write(builders.funnel)


@pytest.fixture
async def head(crm: Crm, funnel: Funnel) -> Browser:
    return await crm.browser(crm.cast.olga)


@pytest.fixture
async def anna(crm: Crm, funnel: Funnel) -> Browser:
    return await crm.browser(crm.cast.anna)
