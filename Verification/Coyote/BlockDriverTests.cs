using Troupe.Actors;
using Troupe.Drivers.Contracts;
using Troupe.Drivers.VirtioBlk;
using Xunit.Abstractions;

namespace Troupe.Verification.Coyote;

/// <summary>The driver of block devices against a device that does what it wants whenever it wants. Beside a planted bug.</summary>
public sealed class BlockDriverTests(ITestOutputHelper output)
{
    private const int Clients = 2;

    // VIRTIO 1.2, 5.2.3 and 5.2.4: MQ; where the number of queues stands.
    private const ulong Multiqueue = 1UL << 12;
    private const int QueueCountOffset = 34;

    /// <summary>A schedule has twice the steps of one with a single queue.</summary>
    private const int NoSuchBuffer = 99;
    private const uint IterationsWithTwoQueues = 100;

    [Fact]
    public void A_request_that_ends_is_answered_however_interrupts_and_messages_meet() => Interleavings.Hold(output, Answer(interruptsFirst: false));

    [Fact]
    public void A_device_that_interrupts_before_it_ends_a_request_is_found_out() => Interleavings.Find(output, Answer(interruptsFirst: true), "Expected: 2");

    [Fact]
    public void A_reset_while_requests_are_in_flight_answers_each_once() => Interleavings.Hold(output, Reset());

    [Fact]
    public void With_two_queues_each_request_that_ends_is_answered_whichever_queue_it_is_in() => Interleavings.Hold(output, Answer(interruptsFirst: false, queues: 2), iterations: IterationsWithTwoQueues);

    [Fact]
    public void A_reset_while_both_queues_have_requests_answers_each_once() => Interleavings.Hold(output, Reset(queues: 2), iterations: IterationsWithTwoQueues);

    [Fact]
    public void A_lie_in_the_second_queue_resets_the_device_whatever_the_first_is_doing() => Interleavings.Hold(output, Reset(queues: 2, lies: true), iterations: IterationsWithTwoQueues);

    /// <summary>Two reads, at the driver's actor with a mailbox for one message, which others fill.</summary>
    private static Action Answer(bool interruptsFirst, int queues = 1)
    {
        var beside = new Action[1 + queues];
        return CoyoteActorHost.Run(
            system =>
            {
                var model = CreateModel(interruptsFirst, queues);
                var device = CreateDevice(model, queues);
                ActorRef<BlockDeviceMessage> driver = SpawnDriver(system, device, capacity: 1);
                var clients = ReadingClient.Spawn(system, Clients, device.Buffers, driver);
                beside[0] = () => driver.TryTell(default);
                // Which queue has how many follows from how the clients meet.
                var toDo = Clients;
                for (var queue = 0; queue < queues; queue++)
                {
                    var number = queue;
                    beside[1 + number] = () =>
                    {
                        while (Volatile.Read(ref toDo) > 0)
                        {
                            if (!Perform(model, number)) { if (!model.WaitForNotification(number)) return; }
                            else if (Interlocked.Decrement(ref toDo) == 0) model.End();
                        }
                    };
                }

                return () =>
                {
                    Assert.Equal(Clients, clients.Sum(static client => client.Done));
                    Assert.Equal(0, device.Buffers.RentedCount);
                };
            },
            beside: beside);
    }

    /// <summary>Two reads, while the device asks for a reset. Then the driver stops: each was answered once, and every buffer is back in its pool.</summary>
    private static Action Reset(int queues = 1, bool lies = false)
    {
        var beside = new Action[1];
        VirtioBlkDevice device = null!;
        return CoyoteActorHost.Run(
            system =>
            {
                var model = CreateModel(interruptsFirst: false, queues);
                device = CreateDevice(model, queues);
                ActorRef<BlockDeviceMessage> driver = SpawnDriver(system, device, capacity: 8);
                var clients = ReadingClient.Spawn(system, Clients, device.Buffers, driver);
                beside[0] = () =>
                {
                    var last = queues - 1;
                    Perform(model, last);
                    if (lies) model.Do(() => model.Push(last, NoSuchBuffer, 1));
                    else model.AskForReset();
                    Perform(model, last);
                };
                return () =>
                {
                    Assert.Equal(Clients, clients.Sum(static client => client.Done + client.ToBeRepeated));
                    Assert.Equal(0, device.Buffers.RentedCount + (int)device.Buffers.MisuseCount);
                };
            },
            beside: beside,
            afterwards: _ => device.Stop());
    }

    private static VirtioModel CreateModel(bool interruptsFirst, int queues)
    {
        var model = new VirtioModel(queues, 8, interruptsFirst, queues > 1 ? Multiqueue : 0);
        // 5.2.4: the capacity.
        model.Configuration[0] = 64;
        model.Configuration[QueueCountOffset] = (byte)queues;
        return model;
    }

    private static VirtioBlkDevice CreateDevice(VirtioModel model, int queues) =>
        new(model, model.CreateArena(), new VirtioBlkOptions { Queues = queues, RingSizeLimit = 8, MaximumInFlight = 2, MaximumBatches = 4, BufferCount = 2, BufferSize = 512 });

    private static ActorRef<BlockDeviceMessage> SpawnDriver(ActorSystem system, VirtioBlkDevice device, int capacity) => system.Spawn(
        () => new VirtioBlkDriver(device), new SpawnOptions { Name = "driver", OnFailure = FailurePolicy.Restart, Mailbox = new MailboxOptions { Capacity = capacity } });

    /// <summary>The device ends a request, if one waits: a header, a sector to fill, and a status.</summary>
    private static bool Perform(VirtioModel model, int queue)
    {
        var performed = false;
        model.Do(() =>
        {
            if (!model.TryPopChain(queue, out var head, out var pieces)) return;
            Assert.Equal(3, pieces.Count);
            pieces[2].Span[0] = 0;
            model.Push(queue, head, pieces[1].Length + 1);
            performed = true;
        });
        return performed;
    }
}
