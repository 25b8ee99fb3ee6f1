"""nanobot (PyPI nanobot-ai), as its quick start says: `onboard`, then the provider `custom` with an OpenAI-compatible
base URL; served by `nanobot serve`, its OpenAI-compatible API, one `session_id` a conversation."""
import json
import os

from measure import Server, answers, http_conversation, install, run, timed

PORT = 18900


class Nanobot(Server):
    @staticmethod
    def install(place):
        install(place, "nanobot-ai", ["nanobot-ai[api]"])

    def __init__(self, home, model_port, options):
        self.home = home
        self.binary = os.path.join(options.place, "nanobot-ai", "bin", "nanobot")
        self.environment = dict(os.environ, HOME=home, NO_COLOR="1")
        run([self.binary, "onboard"], env=self.environment, cwd=home)
        path = os.path.join(home, ".nanobot", "config.json")
        with open(path) as file:
            config = json.load(file)
        config["providers"]["custom"].update(apiKey="none", apiBase=f"http://127.0.0.1:{model_port}/v1")
        config["agents"]["defaults"].update(model="instant", provider="custom")
        with open(path, "w") as file:
            json.dump(config, file)

    def version(self):
        return run([self.binary, "--version"], env=self.environment).strip().splitlines()[-1]

    def one_shots(self, count):
        def shoot():
            said = run([self.binary, "agent", "-m", "hello"], env=self.environment, cwd=self.home)
            if "hello" not in said:
                raise RuntimeError(f"nanobot agent -m said {said[-300:]}")

        shoot()
        return {"one-shot": timed(count, shoot)}

    def __enter__(self):
        self.launch([self.binary, "serve", "--port", str(PORT)], self.environment, lambda: answers(PORT, "/health"),
                    os.path.join(self.home, "serve.log"))
        return self

    def conversation(self, index):
        body = {"model": "instant", "session_id": f"bench{index}", "messages": [{"role": "user", "content": "hello"}]}
        return http_conversation(PORT, "/v1/chat/completions", {}, body)
