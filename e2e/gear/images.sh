#!/usr/bin/env bash
echo /tmp/quick/gear.tar
echo /tmp/quick/op.tar
