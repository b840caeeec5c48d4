using System.Globalization;
using Troupe.Drivers.Virtio;
using Xunit.Abstractions;

namespace Troupe.Verification.Explorer.Tests;

/// <summary>
/// The driver's side of a virtqueue, as it is in the image, beside a device's side (VIRTIO 1.2, 2.7 and 2.8): what one publishes the other sees whole, and neither waits for a notification or an interrupt that does not come.
/// Coyote's tests of it are <c>DriverTests</c>.
/// </summary>
public sealed class VirtqueueTests(ITestOutputHelper output)
{
    private const ulong Split = 0, Packed = VirtioFeatures.RingPacked, EventIndex = VirtioFeatures.EventIndex;

    [Theory]
    [InlineData(Split, 1, "1 1")]
    [InlineData(Split | EventIndex, 1, "1 1")]
    [InlineData(Packed, 1, "1 1")]
    [InlineData(Packed | EventIndex, 1, "1 1")]
    [InlineData(Split | EventIndex, 2, "1 1")]
    [InlineData(Packed | EventIndex, 2, "1 1")]
    [InlineData(Split | EventIndex, 2, "1 1 1")]
    [InlineData(Packed | EventIndex, 2, "1 1 1")]
    [InlineData(Split | EventIndex, 2, "2 1")]
    [InlineData(Packed | EventIndex, 2, "2 1")]
    public void Every_buffer_comes_back_whichever_side_is_faster(ulong features, int size, string segments) =>
        Explorations.Hold(output, Queue(features, size, segments), name: $"{nameof(Every_buffer_comes_back_whichever_side_is_faster)}-{features:x}-{size}-{segments.Replace(' ', '-')}");

    [Theory]
    [InlineData(Split | EventIndex)]
    [InlineData(Packed)]
    [InlineData(Packed | EventIndex)]
    public void Every_buffer_comes_back_where_loads_and_stores_are_reordered(ulong features) =>
        Explorations.Hold(output, Queue(features, 1, "1 1"), MemoryModel.ReleaseAcquire, isTooLarge: true, seconds: 3, name: $"{nameof(Every_buffer_comes_back_where_loads_and_stores_are_reordered)}-{features:x}");

    [Theory]
    [InlineData(Split | EventIndex)]
    [InlineData(Packed)]
    [InlineData(Packed | EventIndex)]
    public void A_driver_that_does_not_look_again_waits_for_an_interrupt_that_does_not_come(ulong features) =>
        Explorations.Find(output, Queue(features, 1, "1 1", looksAgain: false), FailureKind.Deadlock, name: $"{nameof(A_driver_that_does_not_look_again_waits_for_an_interrupt_that_does_not_come)}-{features:x}");

    [Theory]
    [InlineData(Split | EventIndex)]
    [InlineData(Packed)]
    [InlineData(Packed | EventIndex)]
    public void Without_fences_each_side_waits_for_the_other(ulong features)
    {
        Explorations.Hold(output, Queue(features, 1, "1 1", RingDefect.NoFence), MemoryModel.SequentialConsistency, name: $"{nameof(Without_fences_each_side_waits_for_the_other)}-sc-{features:x}");
        Explorations.Find(output, Queue(features, 1, "1 1", RingDefect.NoFence), FailureKind.Deadlock, name: $"{nameof(Without_fences_each_side_waits_for_the_other)}-{features:x}");
    }

    [Theory]
    [InlineData(Split | EventIndex, (int)RingDefect.NoAcquire)]
    [InlineData(Split | EventIndex, (int)RingDefect.NoRelease)]
    [InlineData(Packed | EventIndex, (int)RingDefect.NoAcquire)]
    [InlineData(Packed | EventIndex, (int)RingDefect.NoRelease)]
    public void Without_acquire_or_release_what_was_published_is_seen_in_part(ulong features, int defect) =>
        Explorations.Find(output, Queue(features, 1, "1 1", (RingDefect)defect), FailureKind.Exception, MemoryModel.ReleaseAcquire, name: $"{nameof(Without_acquire_or_release_what_was_published_is_seen_in_part)}-{features:x}-{defect}");

    /// <summary>Each buffer has so many segments. The device ends them in order.</summary>
    private static Action<Scenario> Queue(ulong features, int size, string segments, RingDefect defect = RingDefect.None, bool looksAgain = true) => scenario =>
    {
        int[] buffers = [.. segments.Split(' ').Select(text => int.Parse(text, CultureInfo.InvariantCulture))];
        var arena = new ExploredArena(defect);
        var memory = arena.Allocate(256, 64);
        var transport = new ExploredTransport(size, features, memory);
        var queue = Virtqueue.Create(transport, 0, size, arena, features);
        transport.NameWords(scenario);

        // No two segments have the same place or length.
        VirtqueueSegment[] Buffer(int number) =>
            [.. Enumerable.Range(0, buffers[number]).Select(segment => new VirtqueueSegment(memory, 16 * ((2 * number) + segment + 1), 4 + (2 * number) + segment, IsDeviceWritable: true))];

        void Driver()
        {
            var (added, taken) = (0, 0);
            while (taken < buffers.Length)
            {
                while (added < buffers.Length && queue.TryAdd(Buffer(added), out _)) added++;
                queue.Publish();
                var before = taken;
                while (queue.TryTakeUsed(out var used))
                {
                    Assert.Equal(taken + 1, used.Length);
                    Assert.Equal(taken + 1, memory.ReadUInt16(Buffer(taken)[0].Offset));
                    taken++;
                }

                if (taken > before || (!queue.TryEnableInterrupts() && looksAgain)) continue;
                transport.WaitForInterrupt();
                queue.DisableInterrupts();
            }
        }

        void Device()
        {
            for (var ended = 0; ended < buffers.Length;)
            {
                if (!transport.Device.TryPop(out var head, out var pieces))
                {
                    transport.WaitForNotification();
                    continue;
                }

                Assert.Equal(Buffer(ended).Select(static segment => (segment.Offset, segment.Length)), pieces.Select(static piece => (piece.Offset, piece.Length)));
                memory.WriteUInt16(pieces[0].Offset, (ushort)(ended + 1));
                ended++;
                if (transport.Device.Push(head, ended)) transport.Interrupt();
            }
        }

        scenario.Thread("driver", Driver);
        scenario.Thread("device", Device);
        scenario.Finally(() => Assert.Equal((0, size), (queue.BuffersInFlight, queue.FreeDescriptors)));
    };
}
