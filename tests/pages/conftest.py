"""A real browser for the pages, driven by Playwright; tests are skipped where there is no Chromium or Playwright."""

from __future__ import annotations

import shutil

import pytest

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


@pytest.fixture(scope="session")
def browser():
    playwright = pytest.importorskip("playwright.sync_api")
    if CHROMIUM is None:
        pytest.skip("needs Chromium")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()


@pytest.fixture
def visit(browser):
    """Opens a page; its console must stay empty, and it must ask for nothing else."""
    contexts = []

    def visit(path, **options):
        context = browser.new_context(**{"viewport": {"width": 1200, "height": 900}, **options})
        page = context.new_page()
        page.complaints, page.requests = [], []
        page.on("console", lambda message: page.complaints.append(message.text))
        page.on("pageerror", lambda error: page.complaints.append(str(error)))
        page.on("request", lambda request: page.requests.append(request.url))
        contexts.append((context, page, path.as_uri()))
        page.goto(path.as_uri())
        return page

    yield visit
    for context, page, uri in contexts:
        assert page.complaints == []
        assert [url for url in page.requests if not url.startswith("data:")] == [uri]
        context.close()
