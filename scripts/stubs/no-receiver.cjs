// Bolt makes a receiver of its own only where it is given none; the functions give it theirs.
class NoReceiver {
  constructor() {
    throw new Error('This receiver of Bolt is not part of the function.');
  }
}
exports.default = NoReceiver;
