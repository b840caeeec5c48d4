using System.Collections.Concurrent;
using System.Runtime.Intrinsics;

namespace Troupe.Apps.SelfTest;

/// <summary>
/// Eight threads that compute what they can check, while collections are forced: floating-point and vector registers across
/// preemption, allocation, exceptions thrown and faulted, concurrent collections.
/// </summary>
internal static class Stress
{
    private const int ThreadCount = 8;

    private sealed class Node
    {
        internal Node? Left, Right;
    }

    internal static bool Run(int seconds)
    {
        long errors = 0, rounds = 0;
        bool stop = false;
        var shared = new ConcurrentDictionary<int, string>();
        var threads = Enumerable.Range(0, ThreadCount).Select(id => new Thread(() =>
        {
            try
            {
                var random = new Random(id);
                while (!Volatile.Read(ref stop))
                {
                    if (!Round(id, random, shared))
                    {
                        Interlocked.Increment(ref errors);
                    }

                    Interlocked.Increment(ref rounds);
                }
            }
            catch (Exception exception)
            {
                Console.WriteLine($"a thread died: {exception}");
                Interlocked.Increment(ref errors);
            }
        })).ToList();
        threads.ForEach(thread => thread.Start());
        long end = Environment.TickCount64 + (seconds * 1000L);
        var pauses = new List<double>();
        while (Environment.TickCount64 < end)
        {
            Thread.Sleep(50);
            GC.Collect();
            pauses.Add(GC.GetGCMemoryInfo(GCKind.Any).PauseDurations[0].TotalMilliseconds);
        }

        Volatile.Write(ref stop, true);
        threads.ForEach(thread => thread.Join());
        pauses.Sort();
        Console.WriteLine($"stress: {rounds} rounds, {errors} errors, collections {GC.CollectionCount(0)}/{GC.CollectionCount(1)}/{GC.CollectionCount(2)}");
        Console.WriteLine($"collection pauses: p50 {pauses[pauses.Count / 2]:F2} ms, p99 {pauses[pauses.Count * 99 / 100]:F2} ms, max {pauses[^1]:F2} ms");
        return errors == 0 && rounds > ThreadCount;
    }

    private static bool Round(int id, Random random, ConcurrentDictionary<int, string> shared) =>
        Sum(id) == Sum(id) && VectorsHold(id) && Count(Tree(8)) == 511 && Strings(id, random, shared) && Arrays(random) && Throws(id);

    private static double Sum(int id)
    {
        double sum = 0;
        for (int i = 1; i < 20_000; i++)
        {
            sum += Math.Sqrt(i) / (i + id);
        }

        return sum;
    }

    // Values stay in vector registers for long enough to be preempted; upper halves are what a bad switch loses.
    private static bool VectorsHold(int id)
    {
        Vector256<long> value = Vector256.Create(id, id + 1000L, id + 2000L, id + 3000L), step = Vector256.Create(1L, 2, 3, 4);
        Vector256<long> sum = value;
        for (int i = 0; i < 20_000; i++)
        {
            sum += step;
        }

        return sum == value + (step * 20_000);
    }

    private static bool Strings(int id, Random random, ConcurrentDictionary<int, string> shared)
    {
        int key = random.Next(1000);
        string written = new((char)('a' + id), random.Next(1, 200));
        shared[key] = written;
        return !shared.TryGetValue(key, out string? read) || read.AsSpan().IndexOfAnyExcept(read[0]) < 0;
    }

    private static bool Arrays(Random random)
    {
        var bytes = new byte[random.Next(1, 20_000)];
        random.NextBytes(bytes);
        long sum = 0;
        foreach (byte value in bytes)
        {
            sum += value;
        }

        return sum == bytes.Sum(value => (long)value);
    }

    private static bool Throws(int id)
    {
        int caught = 0;
        object? nothing = null;
        int zero = id - id;
        try
        {
            throw new InvalidOperationException("thrown");
        }
        catch (InvalidOperationException)
        {
            caught++;
        }

        try
        {
            _ = nothing!.GetHashCode();
        }
        catch (NullReferenceException)
        {
            caught++;
        }

        try
        {
            _ = 5 / zero;
        }
        catch (DivideByZeroException)
        {
            caught++;
        }

        return caught == 3;
    }

    private static Node Tree(int depth) => depth == 0 ? new Node() : new Node { Left = Tree(depth - 1), Right = Tree(depth - 1) };

    private static int Count(Node? node) => node is null ? 0 : 1 + Count(node.Left) + Count(node.Right);
}
