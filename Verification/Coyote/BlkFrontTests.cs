using Troupe.Actors;
using Troupe.Drivers.Contracts;
using Troupe.Drivers.Xen;
using Xunit.Abstractions;

namespace Troupe.Verification.Coyote;

/// <summary>A Xen disk's driver against another half that ends requests, lies, closes and sends events whenever it wants. Beside planted bugs.</summary>
public sealed class BlkFrontTests(ITestOutputHelper output)
{
    /// <summary>A schedule has many steps: everything goes through xenstore first.</summary>
    private const uint Iterations = 50;
    private const int Clients = 3;

    [Fact]
    public void A_request_that_ends_is_answered_however_events_and_messages_meet() => Interleavings.Hold(output, Answer(queues: 1), iterations: Iterations);

    [Fact]
    public void With_two_queues_each_request_that_ends_is_answered_whichever_queue_it_is_in() => Interleavings.Hold(output, Answer(queues: 2), iterations: Iterations);

    [Fact]
    public void Another_half_that_sends_its_event_before_it_ends_a_request_is_found_out() => Interleavings.Find(output, Answer(queues: 1, eventsFirst: true), "Expected: 3", iterations: Iterations);

    [Fact]
    public void A_connection_that_is_closed_while_both_queues_have_requests_answers_each_once() => Interleavings.Hold(output, End(lies: false), iterations: Iterations);

    [Fact]
    public void A_lie_in_the_second_queue_cuts_the_other_half_off_whatever_the_first_is_doing() => Interleavings.Hold(output, End(lies: true), iterations: Iterations);

    /// <summary>A read of each client, at the driver's actor with a mailbox for one message, which others fill.</summary>
    private static Action Answer(int queues, bool eventsFirst = false)
    {
        var beside = new Action[2];
        return CoyoteActorHost.Run(
            system =>
            {
                var model = new XenBlockModel(queues, eventsFirst);
                var device = CreateDevice(model);
                var (driver, _) = Spawn(system, model, device, capacity: 1);
                var clients = ReadingClient.Spawn(system, Clients, device.Buffers, driver, waits: true);
                beside[0] = () => driver.TryTell(BlockDeviceMessage.Interrupt());
                beside[1] = () =>
                {
                    // Which queue has how many follows from how the clients meet.
                    for (var done = 0; done < Clients;)
                    {
                        var before = done;
                        for (var queue = 0; queue < queues; queue++) done += model.TryPerform(queue) ? 1 : 0;
                        if (done == before) model.WaitForNotification();
                    }
                };
                return () =>
                {
                    Assert.Equal(Clients, clients.Sum(static client => client.Done));
                    Assert.Equal(0, device.Buffers.RentedCount);
                };
            },
            beside: beside);
    }

    /// <summary>
    /// A read of each client, while the other half closes, or ends a request that there is not, in the second queue if that has any. Then the driver stops: each was answered once, and every buffer is
    /// back in its pool.
    /// </summary>
    private static Action End(bool lies)
    {
        const int Queues = 2;
        var beside = new Action[1];
        BlkFrontDevice device = null!;
        return CoyoteActorHost.Run(
            system =>
            {
                var model = new XenBlockModel(Queues);
                device = CreateDevice(model);
                var (driver, store) = Spawn(system, model, device, capacity: 8);
                var clients = ReadingClient.Spawn(system, Clients, device.Buffers, driver, waits: true);
                beside[0] = () =>
                {
                    // They are connected then.
                    model.WaitForNotification();
                    if (!lies) store.TryTell(new XenStoreMessage.Write(XenStoreModel.OtherState, "5", default));
                    else while (!model.TryLie(1) && !model.TryLie(0)) model.WaitForNotification();
                    for (var queue = 0; queue < Queues; queue++) model.TryPerform(queue);
                };
                return () =>
                {
                    Assert.Equal(Clients, clients.Sum(static client => client.Done + client.ToBeRepeated));
                    var seen = device.ReadStatistics();
                    Assert.Equal((1, lies ? 1 : 0), (seen.Resets, seen.DeviceViolations));
                    Assert.Equal(0, device.Buffers.RentedCount + (int)device.Buffers.MisuseCount);
                };
            },
            beside: beside,
            afterwards: _ =>
            {
                Assert.True(device.IsRunning, "it has not connected again");
                device.Stop();
            });
    }

    private static BlkFrontDevice CreateDevice(XenBlockModel model) =>
        new(model, model.CreateArena(1 << 26), 0, new BlkFrontOptions { Queues = model.Queues, MaximumBatches = 4, BufferCount = Clients, BufferSize = 4096 });

    private static (ActorRef<BlockDeviceMessage> Driver, ActorRef<XenStoreMessage> Store) Spawn(ActorSystem system, XenBlockModel model, BlkFrontDevice device, int capacity)
    {
        ActorRef<XenStoreMessage> store = system.Spawn(new XenStoreModel(model), new SpawnOptions { Name = "xenstore" });
        ActorRef<BlockDeviceMessage> driver = system.Spawn(
            () => new BlkFrontDriver(device, store, XenStoreModel.Front),
            new SpawnOptions { Name = "driver", OnFailure = FailurePolicy.Restart, WaitsFor = [store], Mailbox = new MailboxOptions { Capacity = capacity } });
        return (driver, store);
    }
}
