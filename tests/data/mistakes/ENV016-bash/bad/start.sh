#!/bin/sh
set -a
. ./.env
exec shop
