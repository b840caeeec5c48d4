using System.Runtime.InteropServices;
using Troupe.Core.Machine;
using Troupe.Core.Machine.Memory;
using Shootdown = Troupe.Core.Machine.Memory.TlbShootdown<Troupe.Core.Memory.ProcessorMemory, Troupe.Core.Tests.Memory.HostedProcessors, Troupe.Core.Tests.Memory.HostedTranslation>;

namespace Troupe.Core.Tests.Memory;

[Collection("physical memory")]
public sealed unsafe class TlbShootdownTests : IDisposable
{
    private const ulong Page = PageSize.Small;

    private static Shootdown* _shootdown;
    private static List<int> _interrupted = [];

    public TlbShootdownTests()
    {
        _shootdown = (Shootdown*)NativeMemory.AllocZeroed((nuint)sizeof(Shootdown));
        _interrupted = [];
        HostedProcessors.Current = 0;
        HostedProcessors.OnInterrupt = &Record;
        HostedProcessors.OnPause = null;
        HostedTranslation.Cache.Clear();
        _shootdown->EnterRunning();
    }

    public void Dispose()
    {
        HostedProcessors.OnInterrupt = null;
        HostedProcessors.OnPause = null;
        HostedProcessors.Current = 0;
        NativeMemory.Free(_shootdown);
        _shootdown = null;
    }

    [Fact]
    public void AloneAProcessorDropsItsOwnAndInterruptsNobody()
    {
        Fill(4);
        _shootdown->Invalidate(Page, 3 * Page);
        Assert.Equal([0UL, 3 * Page], HostedTranslation.Cache.Keys.Order());
        Assert.Empty(_interrupted);
    }

    [Fact]
    public void AboveTheCeilingEverythingIsDroppedAtOnce()
    {
        Fill(4);
        int flushes = HostedTranslation.Flushes;
        _shootdown->Invalidate(1UL << 40, (1UL << 40) + (33 * Page));
        Assert.Equal(flushes + 1, HostedTranslation.Flushes);
        Assert.Empty(HostedTranslation.Cache);
    }

    [Fact]
    public void ARunningProcessorIsInterruptedAndWaitedFor()
    {
        using var other = new Processor(1);
        other.Run(() => { _shootdown->EnterRunning(); Fill(4); });
        HostedProcessors.OnPause = &AnswerOn1;
        _pauses = 0;
        _shootdown->Invalidate(Page, 3 * Page);
        Assert.Equal([1], _interrupted);
        Assert.True(_pauses > 0);

        // AnswerOn1 made the processor answer; nothing but what was named is gone.
        other.Run(() => Assert.Equal([0UL, 3 * Page], HostedTranslation.Cache.Keys.Order()));
    }

    [Fact]
    public void AnIdleProcessorIsLeftAloneAndFlushesWhenItLeavesIdle()
    {
        using var other = new Processor(1);
        other.Run(() => { _shootdown->EnterRunning(); Fill(4); _shootdown->EnterIdle(); });
        _shootdown->Invalidate(Page, 2 * Page);
        Assert.Empty(_interrupted);
        other.Run(() =>
        {
            Assert.Equal(4, HostedTranslation.Cache.Count);
            _shootdown->EnterRunning();
            Assert.Empty(HostedTranslation.Cache);
        });
    }

    [Fact]
    public void LeavingIdleWithNothingMissedKeepsTranslations()
    {
        Fill(4);
        _shootdown->EnterIdle();
        _shootdown->EnterRunning();
        Assert.Equal(4, HostedTranslation.Cache.Count);
    }

    [Fact]
    public void AnIdleProcessorThatIsInterruptedLateDropsEverything()
    {
        using var other = new Processor(1);
        other.Run(() => { _shootdown->EnterRunning(); Fill(4); _shootdown->EnterIdle(); });
        _shootdown->Invalidate(Page, 2 * Page);
        other.Run(() => { _shootdown->Answer(); Assert.Empty(HostedTranslation.Cache); });
    }

    [Fact]
    public void AnsweringWithoutARequestDoesNothing()
    {
        Fill(4);
        _shootdown->Answer();
        _shootdown->Answer();
        Assert.Equal(4, HostedTranslation.Cache.Count);
    }

    [Fact]
    public void AMemoryBarrierReachesRunningProcessorsAndDropsNothing()
    {
        using var other = new Processor(1);
        other.Run(() => { _shootdown->EnterRunning(); Fill(4); });
        HostedProcessors.OnPause = &AnswerOn1;
        _shootdown->MemoryBarrier();
        Assert.Equal([1], _interrupted);
        other.Run(() => Assert.Equal(4, HostedTranslation.Cache.Count));
    }

    [Fact]
    public void InitiatorsOnAllProcessorsAnswerEachOtherWhileTheyWait()
    {
        HostedProcessors.OnPause = &AnswerHere;
        _shootdown->EnterIdle();
        long before = _shootdown->Requests;
        var threads = new Thread[4];
        int wrong = 0;
        for (int i = 0; i < threads.Length; i++)
        {
            int me = i;
            threads[i] = new Thread(() =>
            {
                HostedProcessors.Current = me;
                _shootdown->EnterRunning();
                for (ulong step = 0; step < 500; step++)
                {
                    ulong page = ((ulong)(me + 1) << 32) + (step * Page);
                    HostedTranslation.Cache[page] = default;
                    if (step % 7 == 0)
                        _shootdown->MemoryBarrier();
                    else
                        _shootdown->Invalidate(page, page + Page);
                    if (step % 7 != 0 && HostedTranslation.Cache.ContainsKey(page))
                        Interlocked.Increment(ref wrong);
                    if (step % 50 == 0)
                    {
                        _shootdown->EnterIdle();
                        Thread.Yield();
                        _shootdown->EnterRunning();
                    }
                }

                _shootdown->EnterIdle();
            });
        }

        foreach (Thread thread in threads)
            thread.Start();
        foreach (Thread thread in threads)
            Assert.True(thread.Join(TimeSpan.FromSeconds(60)));
        Assert.Equal(0, wrong);
        Assert.Equal(before + 2000, _shootdown->Requests);
        _shootdown->EnterRunning();
    }

    private static int _pauses;
    private static Processor? _one;

    private static void Fill(ulong pages)
    {
        HostedTranslation.Cache.Clear();
        for (ulong i = 0; i < pages; i++)
            HostedTranslation.Cache[i * Page] = default;
    }

    private static void Record(int processor, ProcessorInterrupt reason)
    {
        Assert.Equal(ProcessorInterrupt.TlbShootdown, reason);
        lock (_interrupted)
            _interrupted.Add(processor);
    }

    private static void AnswerHere(int processor) => _shootdown->Answer();

    private static void AnswerOn1(int processor)
    {
        if (processor == 0 && _pauses++ == 3)
            _one!.Run(() => _shootdown->Answer());
    }

    /// <summary>A thread that plays one processor, one action at a time.</summary>
    private sealed class Processor : IDisposable
    {
        private readonly System.Collections.Concurrent.BlockingCollection<(Action Action, TaskCompletionSource Done)> _actions = [];
        private readonly Thread _thread;

        public Processor(int index)
        {
            _one = this;
            _pauses = 0;
            _thread = new Thread(() =>
            {
                HostedProcessors.Current = index;
                foreach ((Action action, TaskCompletionSource done) in _actions.GetConsumingEnumerable())
                {
                    try
                    {
                        action();
                        done.SetResult();
                    }
                    catch (Exception error)
                    {
                        done.SetException(error);
                    }
                }
            });
            _thread.Start();
        }

        public void Run(Action action)
        {
            var done = new TaskCompletionSource();
            _actions.Add((action, done));
            done.Task.GetAwaiter().GetResult();
        }

        public void Dispose()
        {
            _actions.CompleteAdding();
            _thread.Join();
        }
    }
}
