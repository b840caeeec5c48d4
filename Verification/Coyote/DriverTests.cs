using Troupe.Actors;
using Troupe.Core.Memory;
using Troupe.Drivers.Contracts;
using Troupe.Drivers.Virtio;
using Troupe.Drivers.VirtioNet;
using Troupe.Verification.Protocols;
using Xunit.Abstractions;

namespace Troupe.Verification.Coyote;

/// <summary>Drivers against a device that does what it wants whenever it wants: rings, interrupts, frames, resets. Each beside a planted bug.</summary>
public sealed class DriverTests(ITestOutputHelper output)
{
    private const int Buffers = 3;
    private const ulong Split = 0, Packed = VirtioFeatures.RingPacked;

    [Theory]
    [InlineData(Split)]
    [InlineData(Packed)]
    public void Every_buffer_comes_back_whichever_side_is_faster(ulong ring) =>
        Interleavings.Hold(output, Queue(ring, looksAgain: true), $"{nameof(Every_buffer_comes_back_whichever_side_is_faster)}-{ring}");

    [Theory]
    [InlineData(Split)]
    [InlineData(Packed)]
    public void A_driver_that_does_not_look_again_waits_for_an_interrupt_that_does_not_come(ulong ring) =>
        Interleavings.Find(output, Queue(ring, looksAgain: false), "deadlock", $"{nameof(A_driver_that_does_not_look_again_waits_for_an_interrupt_that_does_not_come)}-{ring}");

    [Theory]
    [InlineData(2, 2)]
    [InlineData(3, 1)]
    public void A_frame_has_one_owner(int takers, int turns) => Interleavings.Hold(
        output, CoyoteWorld.Run(() => new FramePoolProtocol<ProcessorMemory, CoyoteWorld>(takers, turns)), $"{nameof(A_frame_has_one_owner)}-{takers}-{turns}");

    [Fact]
    public void A_pool_with_a_torn_compare_exchange_gives_a_frame_twice_or_loses_it() =>
        Interleavings.Find(output, CoyoteWorld.Run(() => new FramePoolProtocol<BrokenMemory<TornCompareExchange>, CoyoteWorld>(2, 2)), "");

    [Theory]
    [InlineData(Split)]
    [InlineData(Packed)]
    public void A_frame_that_arrives_is_handed_on_however_interrupts_and_messages_meet(ulong ring) =>
        Interleavings.Hold(output, Receive(ring, interruptsFirst: false), $"{nameof(A_frame_that_arrives_is_handed_on_however_interrupts_and_messages_meet)}-{ring}");

    [Fact]
    public void A_device_that_interrupts_before_it_writes_is_found_out() => Interleavings.Find(output, Receive(Split, interruptsFirst: true), "Expected: 2");

    [Theory]
    [InlineData(Split)]
    [InlineData(Packed)]
    public void A_reset_while_frames_are_in_flight_takes_each_back_once(ulong ring) =>
        Interleavings.Hold(output, Reset(ring, leaks: false), $"{nameof(A_reset_while_frames_are_in_flight_takes_each_back_once)}-{ring}");

    [Fact]
    public void A_frame_that_nobody_gives_back_is_found_out() => Interleavings.Find(output, Reset(Split, leaks: true), "Expected: 0");

    /// <summary>One queue with room for two buffers; three go through it.</summary>
    private static Action Queue(ulong ring, bool looksAgain) => () =>
    {
        var model = new VirtioModel(1, 2, features: ring);
        var arena = model.CreateArena();
        var memory = arena.Allocate(64, 64);
        var queue = Virtqueue.Create(model, 0, 2, arena, VirtioFeatures.EventIndex | ring);
        var gate = new object();
        var interrupted = false;
        model.ConnectInterrupts(() =>
        {
            lock (gate)
            {
                interrupted = true;
                Monitor.Pulse(gate);
            }
        });
        void Driver()
        {
            var (added, taken) = (0, 0);
            while (taken < Buffers)
            {
                var segment = new VirtqueueSegment(memory, 0, 16, IsDeviceWritable: false);
                while (added < Buffers && queue.TryAdd(new ReadOnlySpan<VirtqueueSegment>(in segment), out _)) added++;
                queue.Publish();
                var before = taken;
                while (queue.TryTakeUsed(out _)) taken++;
                if (taken > before || taken == Buffers) continue;
                if (!queue.TryEnableInterrupts() && looksAgain) continue;
                lock (gate)
                {
                    while (!interrupted) Monitor.Wait(gate);
                    interrupted = false;
                }

                model.TakeInterruptCauses();
                model.AcknowledgeInterrupt();
                queue.DisableInterrupts();
            }

            model.End();
        }

        void Device()
        {
            do
            {
                while (model.TryPop(0, out var head, out _)) model.Push(0, head, 0);
            }
            while (model.WaitForNotification(0));
        }

        CoyoteWorld.Run(Driver, Device);
        Assert.Equal(0, queue.BuffersInFlight);
        Assert.Equal(2, queue.FreeDescriptors);
    };

    /// <summary>Two frames arrive, at the driver's actor with a mailbox for one message, which others fill.</summary>
    private static Action Receive(ulong ring, bool interruptsFirst)
    {
        var beside = new Action[2];
        return CoyoteActorHost.Run(
            system =>
            {
                var model = CreateModel(ring, interruptsFirst);
                var client = new CountingClient();
                var device = CreateDevice(model);
                device.Attach(client);
                ActorRef<NetworkDeviceMessage> driver = SpawnDriver(system, device, capacity: 1);
                beside[0] = () => driver.TryTell(NetworkDeviceMessage.Continue());
                beside[1] = () =>
                {
                    for (var frames = 0; frames < 2;)
                    {
                        if (Arrive(model)) frames++;
                        else model.WaitForNotification(0);
                    }
                };
                return () => Assert.Equal(2, client.Frames);
            },
            beside: beside);
    }

    /// <summary>Frames are sent and come in while the device asks for a reset. Then the driver stops: every frame must be back in its pool.</summary>
    private static Action Reset(ulong ring, bool leaks)
    {
        var beside = new Action[2];
        return CoyoteActorHost.Run(
            system =>
            {
                var model = CreateModel(ring, interruptsFirst: false);
                var client = new CountingClient { Leaks = leaks };
                var device = CreateDevice(model);
                device.Attach(client);
                ActorRef<NetworkDeviceMessage> driver = SpawnDriver(system, device, capacity: 8);
                beside[0] = () =>
                {
                    Assert.True(device.Batches.TryRent(out var batch));
                    for (var frame = 0; frame < 2; frame++)
                    {
                        Assert.True(device.TransmitFrames.TryRent(out var buffer));
                        buffer.Append(new byte[60]);
                        Assert.True(batch.TryAdd(buffer));
                    }

                    driver.TryTell(NetworkDeviceMessage.Transmit(batch));
                };
                beside[1] = () =>
                {
                    Arrive(model);
                    Leave(model);
                    model.AskForReset();
                    Leave(model);
                };
                return () =>
                {
                    device.Stop();
                    Assert.Equal(0, device.ReceiveFrames.RentedCount + device.TransmitFrames.RentedCount);
                    Assert.Equal(0, device.ReceiveFrames.MisuseCount + device.TransmitFrames.MisuseCount);
                };
            },
            beside: beside);
    }

    private static VirtioModel CreateModel(ulong ring, bool interruptsFirst)
    {
        var model = new VirtioModel(2, 4, interruptsFirst, ring);
        model.Configuration[0] = 2;
        return model;
    }

    private static VirtioNetDevice CreateDevice(VirtioModel model) =>
        new(model, model.CreateArena(), new VirtioNetOptions { RingSizeLimit = 4, ReceiveFrameCount = 6, TransmitFrameCount = 4, BatchCount = 4, TransmitQueueLength = 4, Offloads = false });

    private static ActorRef<NetworkDeviceMessage> SpawnDriver(ActorSystem system, VirtioNetDevice device, int capacity) => system.Spawn(
        () => new VirtioNetDriver(device), new SpawnOptions { Name = "driver", OnFailure = FailurePolicy.Restart, Mailbox = new MailboxOptions { Capacity = capacity } });

    /// <summary>A frame comes in, if the driver has given a buffer: the device's header, which says that it takes one buffer (5.1.6), and 60 octets.</summary>
    private static bool Arrive(VirtioModel model)
    {
        var arrived = false;
        model.Do(() =>
        {
            if (!model.TryPop(0, out var head, out var memory)) return;
            memory.Span[..72].Clear();
            memory.Span[10] = 1;
            model.Push(0, head, 72);
            arrived = true;
        });
        return arrived;
    }

    /// <summary>A frame goes out, if one waits.</summary>
    private static void Leave(VirtioModel model) => model.Do(() =>
    {
        if (model.TryPop(1, out var head, out _)) model.Push(1, head, 0);
    });
}
