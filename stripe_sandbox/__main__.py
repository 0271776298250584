"""python -m stripe_sandbox"""

import argparse
import signal
import sys

from .server import Sandbox

STOP = {signal.SIGINT, signal.SIGTERM}


def main() -> None:
    """Run a sandbox until Ctrl-C or SIGTERM."""
    parser = argparse.ArgumentParser(prog="python -m stripe_sandbox", description="A Stripe that runs on this machine.")
    parser.add_argument("--port", type=int, default=12111, help="where to listen on 127.0.0.1 (default 12111)")
    parser.add_argument("--state", default=":memory:", help="SQLite file that keeps everything (default: memory)")
    parser.add_argument("--webhook-url", help="address that gets every event")
    parser.add_argument("--webhook-secret", default="whsec_test", help="what the events are signed with")
    parser.add_argument("--offset-file", help="file that holds the seconds between this clock and the wall's")
    given = parser.parse_args()
    # Waited for, not handled: a handler may interrupt the very wait that it would have to end. First made ours again,
    # since a shell that starts programs in the background has them ignore Ctrl-C.
    for name in STOP:
        signal.signal(name, lambda *_: None)
    signal.pthread_sigmask(signal.SIG_BLOCK, STOP)
    sandbox = Sandbox(given.port, given.state, given.webhook_url, given.webhook_secret, given.offset_file).start()
    sys.stdout.write(f"Stripe sandbox on {sandbox.url}/\n")
    sys.stdout.flush()
    signal.sigwait(STOP)
    sandbox.stop()


if __name__ == "__main__":
    main()
