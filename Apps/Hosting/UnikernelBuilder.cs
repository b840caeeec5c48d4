using Troupe.Actors;

namespace Troupe.Apps.Hosting;

/// <summary>Collects what a program of actors needs before it starts.</summary>
public sealed class UnikernelBuilder
{
    private readonly IMachine _machine;

    internal UnikernelBuilder(UnikernelOptions commandLine, IMachine machine)
    {
        _machine = machine;
        Arguments = commandLine.Rest;
        Network = new(commandLine);
    }

    /// <summary>The words of the command line that are the application's.</summary>
    public string[] Arguments { get; }

    /// <summary>The network.</summary>
    public NetworkOptions Network { get; }

    /// <summary>The files of a disk.</summary>
    public FilesOptions Files { get; } = new();

    /// <summary>The clock of actors and protocols.</summary>
    public TimeProvider Time { get; set; } = TimeProvider.System;

    /// <summary>Starts the workers; actors can be spawned from now on. Devices and the network start with the program.</summary>
    public UnikernelApplication Build()
    {
        ActorSystem actors = new(new() { Host = _machine.WorkerHost, Time = Time, OnFailure = _machine.OnFailure });
        _machine.ConnectConsole(actors);
        return new(actors, _machine, Network, Files);
    }
}
