"""What came back from a request to a gateway: an answer, or a failure that may leave doubt?"""

from collections.abc import Mapping

import aiohttp

from alerts.delivery import Cause, TryAgain


async def posted(
    session: aiohttp.ClientSession,
    url: str,
    *,
    body: Mapping[str, str] | bytes,
    within: aiohttp.ClientTimeout,
    content_type: str | None = None,
) -> tuple[int, bytes] | TryAgain:
    """Return the status and the body of an answer, or what the failure means.

    Doubtful once the connection stood: the request may have been read.
    """
    headers = {"Content-Type": content_type} if content_type else None
    try:
        async with session.post(
            url, data=body, headers=headers, timeout=within, allow_redirects=False
        ) as response:
            return response.status, await response.read()
    except (aiohttp.ConnectionTimeoutError, aiohttp.ClientConnectorError) as error:
        return TryAgain(Cause.UNREACHABLE, detail=type(error).__name__)
    except TimeoutError:
        return TryAgain(Cause.TIMEOUT, doubtful=True)
    except aiohttp.ClientError as error:
        return TryAgain(Cause.UNREACHABLE, doubtful=True, detail=type(error).__name__)
