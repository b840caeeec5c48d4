using System.Net.Sockets;

namespace Troupe.Tools.Development;

/// <summary>What became of one actor of the program.</summary>
public sealed record LiveSwap(string Path, string Behaviour, bool Succeeded, string Text);

/// <summary>The line to the agent in the program; Tools/DevelopmentAgent/AgentConnection.cs has the other end and the format.</summary>
public sealed class AgentLine : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("troupe-dev-").FullName;
    private readonly Socket _listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private NetworkStream? _stream;

    /// <summary>Listens.</summary>
    public AgentLine()
    {
        Path = System.IO.Path.Combine(_directory, "agent");
        _listener.Bind(new UnixDomainSocketEndPoint(Path));
        _listener.Listen(1);
    }

    /// <summary>Where the agent connects to.</summary>
    public string Path { get; }

    /// <summary>Waits for the agent.</summary>
    public async Task AcceptAsync(CancellationToken cancellation) => _stream = new NetworkStream(await _listener.AcceptAsync(cancellation).ConfigureAwait(false), ownsSocket: true);

    /// <summary>Has the agent swap, and returns what became of each actor concerned.</summary>
    /// <exception cref="IOException">The program has ended.</exception>
    public IReadOnlyList<LiveSwap> Swap(BehaviourChange change)
    {
        using var writer = new BinaryWriter(_stream!, System.Text.Encoding.UTF8, leaveOpen: true);
        writer.Write(change.Behaviours.Count);
        foreach (var behaviour in change.Behaviours)
        {
            writer.Write(behaviour);
        }

        writer.Write(change.Assembly.Length);
        writer.Write(change.Assembly);
        writer.Write(change.Symbols.Length);
        writer.Write(change.Symbols);
        writer.Flush();
        using var reader = new BinaryReader(_stream!, System.Text.Encoding.UTF8, leaveOpen: true);
        return [.. Enumerable.Range(0, reader.ReadInt32()).Select(_ => new LiveSwap(reader.ReadString(), reader.ReadString(), reader.ReadBoolean(), reader.ReadString()))];
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _stream?.Dispose();
        _listener.Dispose();
        Directory.Delete(_directory, recursive: true);
    }
}
