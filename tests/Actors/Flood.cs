using System.Diagnostics;
using System.Globalization;

namespace Troupe.Actors.Tests;

/// <summary>
/// The program that <see cref="FloodTests"/> runs as a process of its own under a heap limit: senders, half of them actors, flood one actor, and what became of
/// the messages is printed.
/// </summary>
internal static class Flood
{
    internal const string Command = "flood";

    /// <summary>In all many times what the heap may hold.</summary>
    internal const int Messages = 2_000_000;

    private const int Senders = 4;
    private const int PayloadBytes = 512;

    /// <summary>Where the waiting sends themselves are what would fill the memory, 65,536 of them with their messages have to fit in.</summary>
    private const int UnawaitedPayloadBytes = 64;

    private static long _refused;

    internal static async Task RunAsync(string mode)
    {
        var system = new ActorSystem(new ActorSystemOptions { Host = new ThreadWorkerHost(2), ShutdownTimeout = TimeSpan.FromSeconds(60) });
        bool unbounded = mode == nameof(MailboxOptions.Unbounded);
        MailboxOptions mailbox = unbounded
            ? MailboxOptions.Unbounded
            : new MailboxOptions { OverflowPolicy = mode.StartsWith("Wait", StringComparison.Ordinal) ? OverflowPolicy.Wait : Enum.Parse<OverflowPolicy>(mode) };
        using var allSent = new ManualResetEventSlim();
        long handled = 0;
        ActorRef<byte[]> flooded = system.Spawn(
            new Acting<byte[]>((_, _) =>
            {
                // Without a bound the mailbox has to hold all.
                if (unbounded)
                    allSent.Wait();
                handled++;
                // Slower than its senders.
                Thread.SpinWait(20);
                return default;
            }),
            "flooded",
            mailbox);

        Task[] sending = [.. Enumerable.Range(0, Senders).Select(sender => sender % 2 == 0 ? Task.Run(() => SendAsync(flooded, mode)) : SendInActor(system, flooded, mode))];
        await Task.WhenAll(sending);
        allSent.Set();
        // Sends that nobody awaited wait for room still.
        var waiting = Stopwatch.StartNew();
        while (Volatile.Read(ref handled) + flooded.Dropped + Interlocked.Read(ref _refused) < Messages && waiting.Elapsed < TimeSpan.FromMinutes(2))
            await Task.Delay(10);
        await system.DisposeAsync();
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"handled {handled} dropped {flooded.Dropped} refused {Interlocked.Read(ref _refused)} dead {system.DeadLetterCount} heap {GC.GetGCMemoryInfo().TotalAvailableMemoryBytes}"));
    }

    private static Task SendInActor(ActorSystem system, ActorRef<byte[]> flooded, string mode)
    {
        var done = new TaskCompletionSource();
        system.Spawn(new Acting<int>(async (_, _) =>
        {
            try
            {
                await SendAsync(flooded, mode);
                done.SetResult();
            }
            catch (Exception exception)
            {
                done.SetException(exception);
            }
        })).Tell(0);
        return done.Task;
    }

    private static async Task SendAsync(ActorRef<byte[]> flooded, string mode)
    {
        for (int message = 0; message < Messages / Senders; message++)
        {
            byte[] payload = new byte[mode == "WaitUnawaited" ? UnawaitedPayloadBytes : PayloadBytes];
            if (mode == "Wait")
            {
                await flooded.TellAsync(payload);
            }
            else if (mode == "WaitUnawaited")
            {
                // What nobody should write: as many waiting sends as the loop manages. Only failures are looked at: those that are not wait for the finalizer.
                ValueTask sending = flooded.TellAsync(payload);
                if (sending.IsFaulted && sending.AsTask().Exception is not null)
                    Interlocked.Increment(ref _refused);
            }
            else
            {
                try
                {
                    flooded.Tell(payload);
                }
                catch (MailboxFullException)
                {
                    Interlocked.Increment(ref _refused);
                }
            }
        }
    }
}
