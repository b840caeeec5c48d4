using Troupe.Actors;
using Troupe.Apps.Hosting;
using Troupe.Smp.Host;

namespace Troupe.Apps.SelfTest;

/// <summary>Ends the guest badly on purpose, so that tests can look at what a panic prints.</summary>
internal static class Faults
{
    internal static bool Run(string name)
    {
        switch (name)
        {
            case "overflow":
                Console.WriteLine(Recurse(1));
                return false;
            case "abort":
                Environment.FailFast("on purpose");
                return false;
            case "unhandled":
                throw new InvalidOperationException("on purpose");
            case "access":
                System.Runtime.InteropServices.Marshal.WriteInt32(unchecked((nint)0x5000_0000_0000), 1);
                return false;
            case "actor-overflow":
                return InTurn(() => Console.WriteLine(Recurse(1)));
            case "actor-abort":
                return InTurn(() => Environment.FailFast("on purpose"));
            case "hang":
                // On one processor; the main thread lives on another and gives the watchdog time to speak.
                new Thread(GuestMachine.HangProcessor) { IsBackground = true }.Start();
                Thread.Sleep(9000);
                return false;
            case "deaf":
                return Deaf();
            case "report":
                return Report();
            default:
                Console.WriteLine("there is no such fault: overflow, abort, unhandled, access, actor-overflow, actor-abort, hang, deaf or report");
                return false;
        }
    }

    /// <summary>Faults in the turn of an actor, while another actor is at work on another processor.</summary>
    private static bool InTurn(Action fault)
    {
        // Without preemption, which would put the quantum monitor or a spare worker onto the bystander's processor now and then: a panic says
        // what runs on each processor at that instant.
        var system = new ActorSystem(new ActorSystemOptions { Host = new GuestMachine().Workers, Quantum = Timeout.InfiniteTimeSpan });
        int last = system.ProcessorCount - 1;
        if (last > 0)
        {
            using var running = new ManualResetEventSlim();
            system.Spawn(new Act(() => Spin(running)), "bystander", processor: last).Tell(0);
            running.Wait();
        }

        system.Spawn(new Act(fault), "saboteur \u00e9", processor: 0).Tell(0);
        Thread.Sleep(Timeout.Infinite);
        return false;
    }

    /// <summary>The last processor takes no interrupt any more, and then its worker is to wake up on it. The first processor is idle meanwhile, which leaves the watchdog but its own timer.</summary>
    private static bool Deaf()
    {
        var system = new ActorSystem(new ActorSystemOptions { Host = new GuestMachine().Workers, Quantum = Timeout.InfiniteTimeSpan });
        using var deafened = new ManualResetEventSlim();
        ActorRef<int> deaf = system.Spawn(
            new Act(() =>
            {
                GuestMachine.DeafenProcessor();
                deafened.Set();
            }),
            "deaf",
            processor: system.ProcessorCount - 1);

        // All of it on the first processor: whoever sleeps on the other one is never woken.
        system.Spawn(
            new Act(() =>
            {
                deaf.Tell(0);
                deafened.Wait();
                // Until its worker sleeps.
                Thread.Sleep(200);
                deaf.Tell(0);
                Thread.Sleep(TimeSpan.FromSeconds(12));
                Environment.Exit(1);
            }),
            "witness",
            processor: 0).Tell(0);
        Thread.Sleep(Timeout.Infinite);
        return false;
    }

    /// <summary>An actor fails, and what comes of that ends the guest before the console has had the time for the report: it is a long one, which takes a serial port ten times what the stack takes to overflow.</summary>
    private static bool Report()
    {
        const int Long = 20_000;
        UnikernelApplication app = Unikernel.CreateBuilder([]).Build();
        int instances = 0;
        app.Actors.Spawn(
            () =>
            {
                // Unlike FailFast this says nothing before it ends the guest, and so takes no time.
                if (instances++ > 0)
                    Console.WriteLine(Recurse(1));
                return new Act(static () => throw new InvalidOperationException(new string('.', Long)));
            },
            new SpawnOptions { Name = "failing", OnFailure = FailurePolicy.Restart }).Tell(0);
        Thread.Sleep(Timeout.Infinite);
        return false;
    }

    private static void Spin(ManualResetEventSlim running)
    {
        running.Set();
        while (true)
        {
            Thread.SpinWait(1);
        }
    }

    /// <summary>An actor that does one thing.</summary>
    private sealed class Act(Action action) : Actor<int>
    {
        protected override ValueTask ReceiveAsync(int message)
        {
            action();
            return default;
        }
    }

    private static int Recurse(int depth)
    {
        Span<int> room = stackalloc int[64];
        room[depth % 64] = depth;
        return Recurse(depth + 1) + room[depth % 63];
    }
}
