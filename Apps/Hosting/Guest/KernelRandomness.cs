using Troupe.Net.Contracts;
using Troupe.Smp.Host;

namespace Troupe.Apps.Hosting.Guest;

/// <summary>The kernel half's random numbers, asked for directly.</summary>
internal sealed class KernelRandomness : IRandomness
{
    /// <inheritdoc/>
    public void Fill(Span<byte> bytes) => GuestMachine.FillRandom(bytes);
}
