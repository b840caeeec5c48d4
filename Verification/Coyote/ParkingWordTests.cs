using Troupe.Core.Memory;
using Troupe.Smp.Host;
using Troupe.Smp.Kernel;
using Xunit.Abstractions;

namespace Troupe.Verification.Coyote;

/// <summary>The word on which workers and the quantum monitor park, under Coyote: a wake-up that is lost is a deadlock. Beside it planted bugs that must be found.</summary>
public sealed class ParkingWordTests(ITestOutputHelper output)
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Work_brought_to_a_thread_that_parks_is_done(int bringers) =>
        Interleavings.Hold(output, Parking<ProcessorMemory, WaitingFutex>(bringers), $"{nameof(Work_brought_to_a_thread_that_parks_is_done)}-{bringers}");

    [Fact]
    public void A_permit_taken_by_a_torn_exchange_loses_a_wake_up() =>
        Interleavings.Find(output, Parking<BrokenMemory<TornExchange>, WaitingFutex>(2), "deadlock");

    [Fact]
    public void Announcing_oneself_by_a_torn_compare_exchange_loses_a_wake_up() =>
        Interleavings.Find(output, Parking<BrokenMemory<TornCompareExchange>, WaitingFutex>(1), "deadlock");

    [Fact]
    public void A_kernel_that_does_not_look_at_the_word_again_loses_a_wake_up() =>
        Interleavings.Find(output, Parking<ProcessorMemory, BlindFutex>(1), "deadlock");

    /// <summary>One thread parks until all has been brought that others bring, a piece each, and unpark it.</summary>
    private static Action Parking<TMemory, TFutex>(int bringers)
        where TMemory : struct, IMemory
        where TFutex : struct, IFutex => () =>
        {
            CoyoteKernel.Begin();
            var place = new Place();
            var done = 0;
            void Work()
            {
                while (done < bringers)
                {
                    var brought = ProcessorMemory.Exchange(ref place.Brought, 0);
                    done += brought;
                    if (brought == 0 && !ParkingWord<TMemory, TFutex>.TryTake(ref place.Word))
                        ParkingWord<TMemory, TFutex>.Sleep(ref place.Word, Timeout.InfiniteTimeSpan);
                }
            }

            void Bring()
            {
                ProcessorMemory.Add(ref place.Brought, 1);
                ParkingWord<TMemory, TFutex>.Unpark(ref place.Word);
            }

            CoyoteWorld.Run([Work, .. Enumerable.Repeat(Bring, bringers)]);
            Assert.True(done == bringers, "work is lost or done twice");
            Assert.True(place.Word is WorkerBlock.Empty or WorkerBlock.Permit, "nobody parks, and the word says that somebody does");
        };

    private sealed class Place
    {
        public int Word;
        public int Brought;
    }

    /// <summary>Where the threads of a test wait; tests may run at the same time, each in its own flow.</summary>
    private static class CoyoteKernel
    {
        private static readonly AsyncLocal<object?> _gate = new();

        public static object Gate => _gate.Value!;

        public static void Begin() => _gate.Value = new object();
    }

    private readonly struct WaitingFutex : IFutex
    {
        public static void Wait(ref int word, int value, TimeSpan timeout)
        {
            lock (CoyoteKernel.Gate)
            {
                if (ProcessorMemory.LoadAcquire(ref word) == value) Monitor.Wait(CoyoteKernel.Gate);
            }
        }

        public static void Wake(ref int word)
        {
            lock (CoyoteKernel.Gate) Monitor.Pulse(CoyoteKernel.Gate);
        }
    }

    /// <summary>A kernel with a planted bug.</summary>
    private readonly struct BlindFutex : IFutex
    {
        public static void Wait(ref int word, int value, TimeSpan timeout)
        {
            lock (CoyoteKernel.Gate) Monitor.Wait(CoyoteKernel.Gate);
        }

        public static void Wake(ref int word) => WaitingFutex.Wake(ref word);
    }
}
