using System.Diagnostics;
using Troupe.Smp.Host;

namespace Troupe.Apps.SelfTest;

/// <summary>
/// What would keep interrupts off for long if the kernel half did it in one go: large mappings, many regions, many waiters, many sleepers. Says
/// only whether the calls did what they are for; how long interrupts were off is in the report at the end.
/// </summary>
internal static class LongCalls
{
    private const long Megabyte = 1 << 20;
    private const int ThreadCount = 600;

    internal static bool Run() =>
        Step("a large mapping", LargeMapping) && Step("many pages", ManyPages) && Step("many regions", ManyRegions)
        && Step("many waiters", ManyWaiters) && Step("many sleepers", ManySleepers) && Step("devices, text and random bytes", SmallThings) && Measure();

    /// <summary>
    /// How long calls of known work take: the same work in instructions (where the clock counts them) and in time gives the time of an
    /// instruction. The least of many, since everything else that the host does only adds to it.
    /// </summary>
    internal static bool Measure()
    {
        const long Tables = 64 * Megabyte;
        nint address = 0;
        Measure(
            "unmapping 1 MiB",
            () =>
            {
                address = LinuxMemory.Map(Megabyte, LinuxMemory.ReadWrite);
                LinuxMemory.Touch(address, Megabyte);
            },
            () => LinuxMemory.Unmap(address, Megabyte));
        Measure("making 32 page tables", () => address = LinuxMemory.Map(Tables, LinuxMemory.None), () => LinuxMemory.Protect(address, Tables, LinuxMemory.Read));
        using FileStream random = OpenRandom();
        byte[] bytes = new byte[1024];
        Measure("making 1 KiB of random bytes", () => { }, () => random.ReadExactly(bytes));
        return true;
    }

    private static void Measure(string name, Action prepare, Action work)
    {
        const int Rounds = 100;
        var least = TimeSpan.MaxValue;
        for (int round = 0; round < Rounds; round++)
        {
            prepare();
            long start = Stopwatch.GetTimestamp();
            work();
            var taken = Stopwatch.GetElapsedTime(start);
            least = taken < least ? taken : least;
        }

        Console.WriteLine($"yardstick: {name} takes {least.TotalNanoseconds:F0} ns at least");
    }

    // No buffer: each read is one system call.
    private static FileStream OpenRandom() => new("/dev/urandom", FileMode.Open, FileAccess.Read, FileShare.ReadWrite, bufferSize: 0);

    private static bool Step(string name, Func<bool> step)
    {
        bool passed = step();
        Console.WriteLine($"{(passed ? "ok  " : "FAIL")} {name}");
        return passed;
    }

    // Page tables only: 8 GiB have 4,096 of them.
    private static bool LargeMapping()
    {
        const long Length = 8L << 30;
        nint address = LinuxMemory.Map(Length, LinuxMemory.Read);
        LinuxMemory.Unmap(address, Length);
        address = LinuxMemory.Map(Length, LinuxMemory.None);
        LinuxMemory.Protect(address, Length, LinuxMemory.Read);
        LinuxMemory.Protect(address, Length, LinuxMemory.None);
        LinuxMemory.Unmap(address, Length);
        return true;
    }

    private static bool ManyPages()
    {
        const long Length = 96 * Megabyte;
        nint address = LinuxMemory.Map(Length, LinuxMemory.ReadWrite);
        LinuxMemory.Touch(address, Length);
        LinuxMemory.Protect(address, Length, LinuxMemory.None);
        LinuxMemory.Protect(address, Length, LinuxMemory.ReadWrite);
        LinuxMemory.Discard(address, Length);
        LinuxMemory.Touch(address, Length);
        LinuxMemory.Unmap(address, Length);
        return true;
    }

    private static bool ManyRegions()
    {
        const long Length = 16 * Megabyte;
        for (int round = 0; round < 2; round++)
        {
            nint address = LinuxMemory.Map(Length, LinuxMemory.ReadWrite);
            for (long at = 0; at < Length; at += 2 * LinuxMemory.PageSize)
            {
                LinuxMemory.Protect((nint)(address + at), LinuxMemory.PageSize, LinuxMemory.None);
            }

            if (round == 0)
            {
                LinuxMemory.Protect(address, Length, LinuxMemory.ReadWrite);
            }

            LinuxMemory.Unmap(address, Length);
        }

        return true;
    }

    private static bool ManyWaiters()
    {
        int[] words = GC.AllocateArray<int>(64, pinned: true);
        int entering = 0, left = 0;
        var threads = Start(() =>
        {
            Interlocked.Increment(ref entering);
            while (Volatile.Read(ref words[0]) == 0)
            {
                LinuxThread.WaitOnWord(ref words[0], 0, Timeout.InfiniteTimeSpan);
            }

            Interlocked.Increment(ref left);
        });
        while (Volatile.Read(ref entering) < ThreadCount)
        {
            Thread.Sleep(1);
        }

        // They have said so just before they wait.
        Thread.Sleep(50);
        int moved = LinuxThread.RequeueAll(ref words[0], ref words[32]);
        int none = LinuxThread.WakeAll(ref words[0]);
        int woken = LinuxThread.WakeAll(ref words[32]);
        Thread.Sleep(50);
        Volatile.Write(ref words[0], 1);
        int wokenAgain = LinuxThread.WakeAll(ref words[0]);
        threads.ForEach(thread => thread.Join());
        Console.WriteLine($"{moved} waiters moved, then {none}, {woken} and {wokenAgain} woken");
        return moved == ThreadCount && none == 0 && woken == ThreadCount && wokenAgain == ThreadCount && left == ThreadCount;
    }

    private static bool ManySleepers()
    {
        long end = Stopwatch.GetTimestamp() + (Stopwatch.Frequency / 4);
        int early = 0;
        var threads = Start(() =>
        {
            var left = Stopwatch.GetElapsedTime(Stopwatch.GetTimestamp(), end);
            if (left > TimeSpan.Zero)
            {
                // Up to a millisecond is cut off.
                Thread.Sleep(left + TimeSpan.FromMilliseconds(1));
            }

            if (Stopwatch.GetTimestamp() < end)
            {
                Interlocked.Increment(ref early);
            }
        });
        threads.ForEach(thread => thread.Join());
        return early == 0;
    }

    private static bool SmallThings()
    {
        byte[] bytes = new byte[64 * 1024];
        using (FileStream random = OpenRandom())
        {
            random.ReadExactly(bytes);
        }

        bool any = bytes.AsSpan().ContainsAnyExcept((byte)0);
        Console.WriteLine(new string('.', 500));
        if (GuestMachine.IsGuest)
        {
            // Maps the window over PCI's configuration space.
            _ = new GuestMachine();
        }

        return any && File.ReadAllText("/proc/self/maps").Length > 0 && File.ReadAllText("/proc/meminfo").Length > 0;
    }

    private static List<Thread> Start(Action body)
    {
        var threads = Enumerable.Range(0, ThreadCount).Select(_ => new Thread(() => body())).ToList();
        threads.ForEach(thread => thread.Start());
        return threads;
    }
}
