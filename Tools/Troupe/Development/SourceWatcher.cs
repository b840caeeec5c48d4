using System.Threading.Channels;

namespace Troupe.Tools.Development;

/// <summary>Says when sources under a directory have changed and then been left alone for a moment: an editor saves in several steps.</summary>
public sealed class SourceWatcher : IDisposable
{
    private static readonly TimeSpan _calm = TimeSpan.FromMilliseconds(150);

    private readonly FileSystemWatcher _watcher;
    private readonly Channel<bool> _changes = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    /// <summary>Watches from now on.</summary>
    public SourceWatcher(string directory)
    {
        _watcher = new FileSystemWatcher(directory, "*.cs") { IncludeSubdirectories = true };
        _watcher.Changed += (_, _) => _changes.Writer.TryWrite(true);
        _watcher.Created += (_, _) => _changes.Writer.TryWrite(true);
        _watcher.Deleted += (_, _) => _changes.Writer.TryWrite(true);
        _watcher.Renamed += (_, _) => _changes.Writer.TryWrite(true);
        // More at once than the system's queue holds: look at everything.
        _watcher.Error += (_, _) => _changes.Writer.TryWrite(true);
        _watcher.EnableRaisingEvents = true;
    }

    /// <summary>Waits for the next change and for the calm after it.</summary>
    public async Task NextAsync(CancellationToken cancellation)
    {
        await _changes.Reader.ReadAsync(cancellation).ConfigureAwait(false);
        do
        {
            await Task.Delay(_calm, cancellation).ConfigureAwait(false);
        }
        while (_changes.Reader.TryRead(out _));
    }

    /// <inheritdoc/>
    public void Dispose() => _watcher.Dispose();
}
