"""python -m stripe_sandbox"""

import argparse
import signal
import sys
import threading

from .server import Sandbox


def main() -> None:
    """Run a sandbox until Ctrl-C or SIGTERM."""
    parser = argparse.ArgumentParser(prog="python -m stripe_sandbox", description="A Stripe that runs on this machine.")
    parser.add_argument("--port", type=int, default=12111, help="where to listen on 127.0.0.1 (default 12111)")
    parser.add_argument("--state", default=":memory:", help="SQLite file that keeps everything (default: memory)")
    parser.add_argument("--webhook-url", help="address that gets every event")
    parser.add_argument("--webhook-secret", default="whsec_test", help="what the events are signed with")
    parser.add_argument("--offset-file", help="file that holds the seconds between this clock and the wall's")
    given = parser.parse_args()
    stop = threading.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda *_: stop.set())
    sandbox = Sandbox(given.port, given.state, given.webhook_url, given.webhook_secret, given.offset_file).start()
    sys.stdout.write(f"Stripe sandbox on {sandbox.url}/\n")
    sys.stdout.flush()
    stop.wait()
    sandbox.stop()


if __name__ == "__main__":
    main()
