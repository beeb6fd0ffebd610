// What the bundle has of winston: what operator/support/log.ts calls, a logger that writes to a stream. Its index loads files,
// HTTP and colours too, and with them Node's zlib and https.
import combine from 'logform/combine.js';
import printf from 'logform/printf.js';
import timestamp from 'logform/timestamp.js';
import createLogger from 'winston/lib/winston/create-logger.js';
import Stream from 'winston/lib/winston/transports/stream.js';

export default { createLogger, format: { combine, printf, timestamp }, transports: { Stream } };
