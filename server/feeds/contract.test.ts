import { registrySuite } from "@/server/testing/feed-suite";
import { tiny } from "@/server/testing/tiny-broker";
import { feeds } from ".";

// The registry as it would be with one line more.
registrySuite([...feeds, tiny]);
