/** Runs before each test file: what asks Math.random (the back-off of a lost line, a library) gets the seed's numbers. */
import { seeded, testSeed } from "./run-size";

Math.random = seeded(testSeed);
