using System.Diagnostics;
using System.Globalization;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using System.Threading.Channels;
using Troupe.Smp.Host;
using Troupe.Smp.Kernel;

namespace Troupe.Apps.SelfTest;

/// <summary>The base class library from the ground up: each rung stands on those below it.</summary>
internal static class Ladder
{
    private static int _failures;

    internal static bool Run()
    {
        Step("console and formatting", () => string.Format(CultureInfo.InvariantCulture, "{0:F3} {1:X}", Math.PI, 48879) == "3.142 BEEF");
        Step("garbage collection", Collect);
        Step("exceptions", Exceptions);
        Step("faults become exceptions", FaultsBecomeExceptions);
        Step("threads", Threads);
        Step("tasks", () => Task.WhenAll(Enumerable.Range(0, 100).Select(i => Task.Run(() => i))).Result.Sum() == 4950);
        Step("channels", Channels);
        Step("timers", Timers);
        Step("clock goes on", ClockGoesOn);
        Step(
            !GuestMachine.IsGuest || GuestMachine.ClockIsShared ? "clock is the kernel's, without a system call" : "clock is the kernel's, by system calls",
            ClockIsTheKernels);
        Step("wall clock", () => DateTime.UtcNow.Year is >= 2024 and < 2100);
        Step("randomness", Randomness);
        Step("random number generator", Cryptography.Randomness);
        Step("regular expressions", () => Regex.Match("unikernel 42 boots", @"(\d+)\s+(\w+)").Groups[2].Value == "boots");
        Step("JSON", () => JsonNode.Parse("""{"a":[1,2,{"b":"c"}]}""")!["a"]![2]!["b"]!.GetValue<string>() == "c");
        Step("big numbers", () => BigInteger.Pow(3, 100) % 1_000_007 == ModularPower(3, 100, 1_000_007));
        Step("parallel queries", () => Enumerable.Range(2, 20000).AsParallel().Count(IsPrime) == Enumerable.Range(2, 20000).Count(IsPrime));
        Step("collection interrupts a spinning thread", CollectWhileSpinning);
        Step("1,000 threads started and joined", ThousandThreads);
        Step("a recursion that would overflow is refused", RecursionIsRefused);
        Step("out of memory is caught", OutOfMemory);
        Step("200 MB through a 64 MB heap", Churn);
        Step("missing files", MissingFile);
        Step("the image keeps its rights", ImageKeepsItsRights);
        return _failures == 0;
    }

    /// <summary>On the first thread, and on one with a stack that the kernel half chose the size of.</summary>
    private static bool RecursionIsRefused()
    {
        bool onThread = false;
        var thread = new Thread(() => onThread = IsRefused());
        thread.Start();
        thread.Join();
        return onThread && IsRefused();

        static bool IsRefused()
        {
            try
            {
                return Descend(0) < 0;
            }
            catch (InsufficientExecutionStackException)
            {
                return true;
            }
        }

        static int Descend(int depth)
        {
            RuntimeHelpers.EnsureSufficientExecutionStack();
            return Descend(depth + 1) - 1;
        }
    }

    private static void Step(string name, Func<bool> step)
    {
        var watch = Stopwatch.StartNew();
        bool held;
        string? why = null;
        try
        {
            held = step();
        }
        catch (Exception exception) when (exception is not InsufficientExecutionStackException)
        {
            held = false;
            why = exception.ToString();
        }

        _failures += held ? 0 : 1;
        Console.WriteLine($"{(held ? "ok  " : "FAIL")} {name} ({watch.ElapsedMilliseconds} ms){(why is null ? "" : ": " + why)}");
    }

    private static bool Collect()
    {
        var weak = Allocate();
        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect();
        return !weak.IsAlive && GC.CollectionCount(2) >= 2;

        [System.Runtime.CompilerServices.MethodImpl(System.Runtime.CompilerServices.MethodImplOptions.NoInlining)]
        static WeakReference Allocate() => new(new byte[1000]);
    }

    private static bool Exceptions()
    {
        try
        {
            Deep(50);
            return false;
        }
        catch (InvalidOperationException exception) when (exception.Message == "deep")
        {
            return exception.StackTrace is { Length: > 0 };
        }

        static int Deep(int depth) => depth == 0 ? throw new InvalidOperationException("deep") : Deep(depth - 1) + 1;
    }

    private static bool FaultsBecomeExceptions()
    {
        int caught = 0;
        object? nothing = null;
        try
        {
            _ = nothing!.GetHashCode();
        }
        catch (NullReferenceException)
        {
            caught++;
        }

        int zero = caught - 1;
        try
        {
            _ = 5 / zero;
        }
        catch (DivideByZeroException)
        {
            caught++;
        }

        int[] array = [1];
        try
        {
            _ = array[caught];
        }
        catch (IndexOutOfRangeException)
        {
            caught++;
        }

        return caught == 3;
    }

    private static bool Threads()
    {
        int count = 0;
        var threads = Enumerable.Range(0, 16).Select(_ => new Thread(() =>
        {
            Thread.Sleep(5);
            Interlocked.Increment(ref count);
        })).ToList();
        threads.ForEach(thread => thread.Start());
        threads.ForEach(thread => thread.Join());
        return count == 16;
    }

    private static bool Channels()
    {
        var channel = Channel.CreateBounded<int>(4);
        var producer = Task.Run(async () =>
        {
            for (int i = 0; i < 1000; i++)
            {
                await channel.Writer.WriteAsync(i);
            }

            channel.Writer.Complete();
        });
        var consumer = Task.Run(async () =>
        {
            int sum = 0;
            await foreach (int value in channel.Reader.ReadAllAsync())
            {
                sum += value;
            }

            return sum;
        });
        producer.Wait();
        return consumer.Result == 499_500;
    }

    private static bool Timers()
    {
        using var fired = new CountdownEvent(3);
        using var timer = new Timer(
            _ =>
            {
                if (!fired.IsSet)
                {
                    fired.Signal();
                }
            },
            null, 10, 10);
        return fired.Wait(5000);
    }

    private static bool ClockGoesOn()
    {
        long before = Stopwatch.GetTimestamp();
        for (int i = 0; i < 100_000; i++)
        {
            long now = Stopwatch.GetTimestamp();
            if (now < before)
            {
                return false;
            }

            before = now;
        }

        var watch = Stopwatch.StartNew();
        Thread.Sleep(50);
        return watch.ElapsedMilliseconds is >= 49 and < 2000;
    }

    private static bool ClockIsTheKernels()
    {
        if (!GuestMachine.IsGuest)
        {
            return true;
        }

        const int Readings = 10_000;
        KernelStatistics before = GuestMachine.Statistics;
        for (int i = 0; i < Readings; i++)
        {
            long start = Stopwatch.GetTimestamp();
            _ = Environment.TickCount64;
            if (DateTime.UtcNow.Year < 2024 || Stopwatch.GetElapsedTime(start) < TimeSpan.Zero)
            {
                return false;
            }
        }

        // The program's own clock around a reading of the kernel's, both in nanoseconds since boot.
        long first = Stopwatch.GetTimestamp();
        KernelStatistics after = GuestMachine.Statistics;
        bool asked = after.SystemCalls - before.SystemCalls >= Readings / 10;
        return first <= after.Uptime && after.Uptime <= Stopwatch.GetTimestamp() && asked != GuestMachine.ClockIsShared;
    }

    private static bool Randomness()
    {
        Span<byte> first = stackalloc byte[32], second = stackalloc byte[32];
        Random.Shared.NextBytes(first);
        Random.Shared.NextBytes(second);
        return Guid.NewGuid() != Guid.NewGuid() && !first.SequenceEqual(second);
    }

    private static bool CollectWhileSpinning()
    {
        bool stop = false;
        var thread = new Thread(() =>
        {
            while (!Volatile.Read(ref stop))
            {
            }
        });
        thread.Start();
        for (int i = 0; i < 5; i++)
        {
            GC.Collect();
        }

        Volatile.Write(ref stop, true);
        thread.Join();
        return true;
    }

    private static bool ThousandThreads()
    {
        int count = 0;
        for (int round = 0; round < 20; round++)
        {
            var threads = Enumerable.Range(0, 50).Select(_ => new Thread(() => Interlocked.Increment(ref count))).ToArray();
            foreach (Thread thread in threads)
            {
                thread.Start();
            }

            foreach (Thread thread in threads)
            {
                thread.Join();
            }
        }

        return count == 1000;
    }

    private static bool OutOfMemory()
    {
        var kept = new List<byte[]>();
        try
        {
            while (true)
            {
                kept.Add(new byte[1 << 20]);
            }
        }
        catch (OutOfMemoryException)
        {
            int count = kept.Count;
            kept.Clear();
            GC.Collect();
            return count is > 8 and < 70;
        }
    }

    private static bool Churn()
    {
        var recent = new byte[8][];
        long total = 0;
        for (int i = 0; total < 200L << 20; i++)
        {
            var block = new byte[50_000 + (i % 7 * 30_000)];
            block[^1] = (byte)i;
            recent[i % recent.Length] = block;
            total += block.Length;
        }

        return recent.All(block => block != null);
    }

    private static bool MissingFile()
    {
        try
        {
            File.ReadAllText("/etc/nothing");
            return false;
        }
        catch (IOException)
        {
            return !File.Exists("/etc/nothing");
        }
    }

    private static bool IsPrime(int number)
    {
        for (int divisor = 2; divisor * divisor <= number; divisor++)
        {
            if (number % divisor == 0)
            {
                return false;
            }
        }

        return true;
    }

    private static int ModularPower(int value, int exponent, int modulus)
    {
        long result = 1;
        for (int i = 0; i < exponent; i++)
        {
            result = result * value % modulus;
        }

        return (int)result;
    }

    private static bool ImageKeepsItsRights()
    {
        // Where Tools/Build/Troupe.App.targets links it: headers and constants, then the kernel's text.
        const nint ImageStart = 0x200000, Page = 4096, Pages = 16;
        const int ReadAndWrite = 3, AccessDenied = 13;
        if (!GuestMachine.IsGuest)
        {
            return true;
        }

        bool held = true;
        for (nint page = ImageStart; page < ImageStart + (Pages * Page); page += Page)
        {
            held &= ProtectMemory(page, Page, ReadAndWrite) == -1 && Marshal.GetLastPInvokeError() == AccessDenied;
        }

        return held;
    }

    [DllImport("libc", EntryPoint = "mprotect", SetLastError = true)]
    private static extern int ProtectMemory(nint address, nint length, int protection);
}
