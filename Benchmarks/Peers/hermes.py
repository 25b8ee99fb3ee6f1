"""hermes-agent (PyPI), as its documentation says for an endpoint of one's own: `model.provider: custom` with a base URL
in config.yaml; served by `hermes gateway run` with its API server enabled, one X-Hermes-Session-Id a conversation. Its cap
on runs at once (10) is taken off, since the hundred conversations would be refused."""
import os

from measure import Server, answers, http_conversation, install, run, timed

PORT, KEY = 18642, "bench-key-of-the-local-server"


class Hermes(Server):
    @staticmethod
    def install(place):
        # The API server needs aiohttp, which comes with the gateway's extra.
        install(place, "hermes-agent", ["hermes-agent[messaging]"])

    def __init__(self, home, model_port, options):
        self.home = home
        self.binary = os.path.join(options.place, "hermes-agent", "bin", "hermes")
        self.environment = dict(
            os.environ, HOME=home, HERMES_HOME=os.path.join(home, ".hermes"), NO_COLOR="1", API_SERVER_ENABLED="true",
            API_SERVER_KEY=KEY, API_SERVER_PORT=str(PORT), API_SERVER_HOST="127.0.0.1")
        os.makedirs(self.environment["HERMES_HOME"])
        with open(os.path.join(self.environment["HERMES_HOME"], "config.yaml"), "w") as file:
            file.write(f"model:\n  default: instant\n  provider: custom\n  base_url: http://127.0.0.1:{model_port}/v1\n"
                       "  api_key: none\ngateway:\n  api_server:\n    max_concurrent_runs: 0\n")

    def version(self):
        return run([self.binary, "--version"], env=self.environment).strip().splitlines()[0]

    def one_shots(self, count):
        def shoot():
            said = run([self.binary, "chat", "-Q", "-q", "hello"], env=self.environment, cwd=self.home)
            if "hello" not in said:
                raise RuntimeError(f"hermes chat -q said {said[-300:]}")

        shoot()
        return {"one-shot": timed(count, shoot)}

    def __enter__(self):
        self.launch([self.binary, "gateway", "run"], self.environment, lambda: answers(PORT, "/health"),
                    os.path.join(self.home, "gateway.log"))
        return self

    def conversation(self, index):
        headers = {"Authorization": f"Bearer {KEY}", "X-Hermes-Session-Id": f"bench{index}"}
        body = {"model": "hermes-agent", "messages": [{"role": "user", "content": "hello"}]}
        return http_conversation(PORT, "/v1/chat/completions", headers, body)
