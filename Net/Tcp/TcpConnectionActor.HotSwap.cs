using Troupe.Actors;

namespace Troupe.Net.Tcp;

// A connection hands nothing on yet: its control block is many objects of this assembly (docs/hot-swap.md lists them). Without a word, a swap would put one that knows
// nothing into its place, and leave the streams, the frames and the budget to nobody; so it is refused, and the connection goes on.
public sealed partial class TcpConnectionActor : IRefusesSwap
{
    /// <inheritdoc/>
    string IRefusesSwap.WhyNotSwapped => $"the TCP connection {_key} cannot hand its state on, and goes on as it is. New behaviours are for connections that begin after them.";
}
