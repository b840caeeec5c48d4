using System.Collections.Immutable;
using Troupe.Actors;
using Troupe.Drivers.Contracts;
using Troupe.Smp.Host;

namespace Troupe.Apps.Hosting.Guest;

/// <summary>Time to ask the device again.</summary>
internal readonly record struct FeedEntropy;

/// <summary>Feeds the kernel's random pool from an entropy device: soon after start, then every few minutes.</summary>
internal sealed class EntropyFeeder(ActorRef<EntropyMessage> source) : Actor<FeedEntropy>
{
    // As much as the pool's state holds (a ChaCha20 key), twice.
    private const int Bytes = 64;

    // The pool has its seed from the kernel (Smp/Kernel/KernelEntropy.cs): starting the program comes first.
    private static readonly TimeSpan _delay = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan _interval = TimeSpan.FromMinutes(5);

    /// <inheritdoc/>
    protected override void Started() => Context.Schedule(default, _delay);

    /// <inheritdoc/>
    protected override async ValueTask ReceiveAsync(FeedEntropy message)
    {
        try
        {
            ImmutableArray<byte> bytes = await source.AskAsync<ImmutableArray<byte>>(static reply => EntropyMessage.Request(Bytes, reply));
            GuestMachine.ContributeEntropy(bytes.AsSpan());
        }
        catch (Exception exception) when (exception is AskTimeoutException or AskFailedException)
        {
            // The pool has its seed; the device may do better next time.
            await Console.Error.WriteLineAsync($"no entropy from {source.Name}: {exception.Message}");
        }

        Context.Schedule(default, _interval);
    }
}
