#!/usr/bin/env node
// The program is built; this file is not, so that it can be linked before the build.
import "../dist/main.js";
