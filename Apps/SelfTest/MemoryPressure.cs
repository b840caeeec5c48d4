namespace Troupe.Apps.SelfTest;

/// <summary>Allocates to the limit with 200 threads alive, catches the exception, and goes on working.</summary>
internal static class MemoryPressure
{
    private const int ThreadCount = 200;

    internal static bool Run()
    {
        using var done = new ManualResetEventSlim();
        using var started = new CountdownEvent(ThreadCount);
        int awake = 0;
        var threads = Enumerable.Range(0, ThreadCount).Select(_ => new Thread(() =>
        {
            started.Signal();
            done.Wait();
            Interlocked.Increment(ref awake);
        })).ToList();
        threads.ForEach(thread => thread.Start());
        started.Wait();
        int blocks = Exhaust();
        Console.WriteLine($"out of memory after {blocks} blocks of 1 MiB beside {ThreadCount} threads");
        var after = Enumerable.Range(0, 1000).Select(i => i.ToString()).ToList();
        done.Set();
        threads.ForEach(thread => thread.Join());
        return blocks > 4 && after.Count == 1000 && awake == ThreadCount;
    }

    private static int Exhaust()
    {
        var kept = new List<byte[]>();
        try
        {
            while (true)
            {
                var block = new byte[1 << 20];
                Array.Fill(block, (byte)1);
                kept.Add(block);
            }
        }
        catch (OutOfMemoryException)
        {
            return kept.Count;
        }
    }
}
