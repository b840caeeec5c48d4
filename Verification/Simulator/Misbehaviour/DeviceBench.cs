using Troupe.Actors;
using Troupe.Actors.TestKit;

namespace Troupe.Verification.Simulator;

/// <summary>One driver's actor with a client that has work for it, and one device that can misbehave.</summary>
internal abstract class DeviceBench
{
    protected DeviceBench(Random random, DeterministicHost host)
    {
        Random = random;
        Host = host;
        System = new(new()
        {
            Host = host,
            Time = host.Time,
            OnFailure = failure => Failures.Add($"{failure.Path} failed: {failure.Exception}"),
            ShutdownTimeout = TimeSpan.FromMinutes(1),
        });
    }

    public GuardedMemory Memory { get; } = new();

    public ActorSystem System { get; }

    /// <summary>Failures of the driver's actor. A device that breaks the rules is no reason for one.</summary>
    public List<string> Failures { get; } = [];

    /// <summary>What the device can do wrong.</summary>
    public abstract IReadOnlyList<Misbehaviour> Kinds { get; }

    /// <summary>The longest that this driver waits for anything.</summary>
    public abstract TimeSpan LongestWait { get; }

    protected Random Random { get; }

    protected DeterministicHost Host { get; }

    /// <summary>Brings the driver up on a device that behaves.</summary>
    public abstract Task StartAsync();

    /// <summary>The client asks for something.</summary>
    public abstract void Work();

    /// <summary>The device does some of its work, if it is able to.</summary>
    public abstract void Serve();

    /// <summary>The device does what it may not do. False: it is in no state to do it.</summary>
    public abstract bool Misbehave(Misbehaviour kind);

    /// <summary>Faults are over: from its next reset on the device behaves.</summary>
    public abstract void Heal();

    /// <summary>The client's work comes to its end, and a piece of new work is done right.</summary>
    public abstract Task FinishAsync(TimeSpan latest);

    /// <summary>What the driver counted, its sums checked: violations, and resets.</summary>
    public abstract Task<(long Violations, long Resets)> CountAsync();

    /// <summary>What must hold at any time.</summary>
    public virtual void CheckAlways()
    {
        Memory.Check(freedToo: false);
        if (Failures.Count > 0)
            throw new InvariantException(Failures[0]);
        if (MisuseCount > 0)
            throw new InvariantException("A buffer was used by somebody who no longer owned it.");
        if (HasEnded)
            throw new InvariantException("The driver has ended.");
    }

    /// <summary>What must hold when the system has stopped.</summary>
    public void CheckEnd()
    {
        Memory.Check(freedToo: true);
        if (RentedCount != 0 || MisuseCount != 0)
            throw new InvariantException($"{RentedCount} buffers were never given back, {MisuseCount} were misused.");
        if (BytesInQuarantine != 0)
            throw new InvariantException($"{BytesInQuarantine} octets of device memory stayed in quarantine.");
    }

    protected abstract bool HasEnded { get; }

    protected abstract long MisuseCount { get; }

    protected abstract int RentedCount { get; }

    protected abstract long BytesInQuarantine { get; }

    /// <summary>Serves until something has come about.</summary>
    protected async Task UntilAsync(Func<bool> condition, TimeSpan latest, string what)
    {
        while (!condition())
        {
            if (Host.Time.Elapsed > latest)
                throw new InvariantException($"Stuck: {what} has not come about.");
            Serve();
            CheckAlways();
            await Task.Delay(TimeSpan.FromMilliseconds(20), Host.Time);
        }
    }
}
