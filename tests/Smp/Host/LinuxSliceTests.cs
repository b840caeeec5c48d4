using Troupe.Smp.Host;

namespace Troupe.Smp.Tests.Host;

/// <summary>Slices, on this Linux: kernels before 6.12 take no notice, and say so by having none to tell.</summary>
public sealed class LinuxSliceTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private static readonly bool KernelHasSlices = LinuxThread.SliceOf(0) is not null;

    [Theory]
    [InlineData(0.1)]
    [InlineData(0.5)]
    [InlineData(10)]
    [InlineData(100)]
    public void AThreadHasTheSliceItAsksFor(double milliseconds) => OnAThread(() =>
    {
        TimeSpan asked = TimeSpan.FromMilliseconds(milliseconds);
        Assert.True(LinuxThread.TrySetSlice(0, LinuxThread.PriorityOf(0), asked));
        Assert.Equal(KernelHasSlices ? asked : null, LinuxThread.SliceOf(0));
    });

    [Fact]
    public void ASliceTheKernelDoesNotAllowBecomesTheNearest() => OnAThread(() =>
    {
        Assert.True(LinuxThread.TrySetSlice(0, LinuxThread.PriorityOf(0), TimeSpan.FromMilliseconds(0.01)));
        Assert.Equal(KernelHasSlices ? TimeSpan.FromMilliseconds(0.1) : null, LinuxThread.SliceOf(0));
    });

    [Fact]
    public void ThePriorityIsSetWithIt() => OnAThread(() =>
    {
        int lower = Math.Min(LinuxThread.PriorityOf(0) + 3, 19);
        Assert.True(LinuxThread.TrySetSlice(0, lower, TimeSpan.FromMilliseconds(1)));
        Assert.Equal(lower, LinuxThread.PriorityOf(0));
    });

    [Fact]
    public void AThreadThatThereIsNotIsRefused() =>
        Assert.False(LinuxThread.TrySetSlice(int.MaxValue, 0, TimeSpan.FromMilliseconds(1)));

    [Fact]
    public async Task WhoIsKeptReadyHasThePriorityAndTheSliceAndBeginsAnywhere()
    {
        int[] processors = LinuxThread.AllowedProcessors();
        TimeSpan slice = TimeSpan.FromMilliseconds(2);
        int priority = Math.Min(LinuxThread.ProcessPriority + 1, 19);
        var threads = new LinuxThreads(processors, priority, slice, most: 2);
        threads.KeepSomeReady();
        await UntilAsync(() => threads.ReadyCount >= 2);
        for (int body = 0; body < 4; body++)
        {
            var seen = new TaskCompletionSource<(int Priority, TimeSpan? Slice, int[] Processors)>();
            threads.Run(() =>
            {
                seen.SetResult((LinuxThread.PriorityOf(0), LinuxThread.SliceOf(0), LinuxThread.AllowedProcessors()));
                LinuxThread.TrySetAffinity(0, processors[0]);
            });
            (int had, TimeSpan? sliceHad, int[] where) = await seen.Task.WaitAsync(Patience);
            Assert.Equal(priority, had);
            Assert.Equal(KernelHasSlices ? slice : null, sliceHad);
            Assert.Equal(processors, where);
        }
    }

    /// <summary>A body finds a thread that waits: none is started for it.</summary>
    [Fact]
    public async Task ABodyRunsOnAThreadThatWasKeptReady()
    {
        var threads = new LinuxThreads(LinuxThread.AllowedProcessors(), LinuxThread.ProcessPriority, slice: null, most: 3);
        threads.KeepSomeReady();
        await UntilAsync(() => threads.ReadyCount == 2);
        int ready = threads.ReadyCount;
        using var release = new ManualResetEventSlim();
        threads.Run(release.Wait);
        Assert.Equal(ready - 1, threads.ReadyCount);
        release.Set();
        await UntilAsync(() => threads.ReadyCount >= 2);
    }

    private static void OnAThread(Action body)
    {
        Exception? failure = null;
        var thread = new Thread(() => failure = Record.Exception(body));
        thread.Start();
        thread.Join();
        Assert.Null(failure);
    }

    private static async Task UntilAsync(Func<bool> condition)
    {
        long start = TimeProvider.System.GetTimestamp();
        while (!condition())
        {
            Assert.True(TimeProvider.System.GetElapsedTime(start) < Patience, "It did not come true in time.");
            await Task.Delay(1);
        }
    }
}
