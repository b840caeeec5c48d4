using Troupe.Core.Machine;
using Xunit.Abstractions;

namespace Troupe.Verification.Explorer.Tests;

/// <summary>The kernel's own spin lock under x86-TSO.</summary>
public sealed class SpinLockTests(ITestOutputHelper output)
{
    [Theory]
    [InlineData(2, 2)]
    [InlineData(3, 1)]
    public void One_processor_at_a_time_holds_the_lock(int threads, int turns) =>
        Explorations.Hold(output, Counting<SpinLock<ExplorerMemory, ExploredWorld>, Locking>(threads, turns), name: $"{nameof(One_processor_at_a_time_holds_the_lock)}-{threads}-{turns}");

    [Fact]
    public void A_lock_taken_by_a_plain_store_is_found_out() =>
        Explorations.Find(output, Counting<SpinLock<PlainExchange, ExploredWorld>, BrokenLocking>(2, 1), FailureKind.Exception);

    private static Action<Scenario> Counting<TLock, TLocking>(int threads, int turns)
        where TLock : struct
        where TLocking : struct, ILocking<TLock> => scenario =>
        {
            ExploredWorld.PowerOn(threads);
            var state = new Shared<TLock>();
            scenario.Name(ref state.Lock, "lock");
            scenario.Name(ref state.Counter, "counter");
            for (var i = 0; i < threads; i++)
            {
                scenario.Thread($"processor {i}", () =>
                {
                    for (var turn = 0; turn < turns; turn++)
                    {
                        TLocking.Acquire(ref state.Lock);
                        ExplorerMemory.StoreRelease(ref state.Counter, ExplorerMemory.LoadAcquire(ref state.Counter) + 1);
                        TLocking.Release(ref state.Lock);
                    }
                });
            }

            scenario.Finally(() => Assert.Equal(threads * turns, state.Counter));
        };

    private interface ILocking<TLock>
    {
        static abstract void Acquire(ref TLock spinLock);

        static abstract void Release(ref TLock spinLock);
    }

    private readonly struct Locking : ILocking<SpinLock<ExplorerMemory, ExploredWorld>>
    {
        public static void Acquire(ref SpinLock<ExplorerMemory, ExploredWorld> spinLock) => spinLock.Acquire();

        public static void Release(ref SpinLock<ExplorerMemory, ExploredWorld> spinLock) => spinLock.Release();
    }

    private readonly struct BrokenLocking : ILocking<SpinLock<PlainExchange, ExploredWorld>>
    {
        public static void Acquire(ref SpinLock<PlainExchange, ExploredWorld> spinLock) => spinLock.Acquire();

        public static void Release(ref SpinLock<PlainExchange, ExploredWorld> spinLock) => spinLock.Release();
    }

    private sealed class Shared<TLock>
    {
        public TLock Lock = default!;
        public int Counter;
    }
}
