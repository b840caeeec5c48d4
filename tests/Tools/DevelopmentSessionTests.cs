using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Troupe.Tools.Development;
using Troupe.Tools.Workspace;
using Xunit.Abstractions;

namespace Troupe.Tools.Tests;

/// <summary><c>troupe dev</c> with a copy of Apps/Hello whose sources are edited while it runs.</summary>
public sealed class DevelopmentSessionTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(4);

    private readonly ITestOutputHelper _output;
    private readonly Repository _repository = Repository.Locate();
    private readonly ConcurrentQueue<string> _said = new();
    private readonly HttpClient _client = new() { Timeout = TimeSpan.FromSeconds(10) };
    private readonly string _name = $"Live{Environment.ProcessId}";
    private readonly string _directory;
    private readonly int _port = FreePort();

    public DevelopmentSessionTests(ITestOutputHelper output)
    {
        _output = output;
        _directory = Path.Combine(_repository.Root, ".troupe", "development-test", _name);
        Directory.CreateDirectory(_directory);
        foreach (var file in Directory.GetFiles(Path.Combine(_repository.Root, "Apps/Hello")))
        {
            var text = File.ReadAllText(file)
                .Replace("Listen(8080)", $"Listen({_port})", StringComparison.Ordinal)
                .Replace("../../Tools", Path.Combine(_repository.Root, "Tools"), StringComparison.Ordinal);
            File.WriteAllText(Path.Combine(_directory, Path.GetFileName(file).Replace("Hello.csproj", _name + ".csproj", StringComparison.Ordinal)), text);
        }
    }

    public void Dispose()
    {
        _client.Dispose();
        Directory.Delete(_directory, recursive: true);
        foreach (var folder in new[] { "bin", "obj" }.Select(folder => Path.Combine(_repository.Artifacts, folder, _name)).Where(Directory.Exists))
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public async Task AnActorIsEditedWhileItLives()
    {
        using var cancellation = new CancellationTokenSource();
        var session = new DevelopmentSession(_repository, new App(_name, Path.Combine(_directory, _name + ".csproj")), _said.Enqueue).RunAsync([], cancellation.Token);
        try
        {
            await Until(async () => await AnswerAsync() == "hit 1\n", session);
            await Until(() => Task.FromResult(_said.Any(line => line.Contains("running", StringComparison.Ordinal))), session);
            Assert.Equal("hit 2\n", await AnswerAsync());

            // The behaviour changes, and the count stays.
            Edit("++_hits", "_hits += 100");
            await Until(() => Said("swapped /hits"), session);
            Assert.Equal("hit 102\n", await AnswerAsync());

            // An error is shown, and the actor goes on.
            Edit("_hits += 100", "_hits += hundred");
            await Until(() => Said("error CS0103"), session);
            Assert.Contains(_said, line => line.StartsWith("HitCounter.cs(", StringComparison.Ordinal));
            Assert.Equal("hit 202\n", await AnswerAsync());

            // A class that only the behaviour uses comes with it, in a file of its own.
            File.WriteAllText(Path.Combine(_directory, "Step.cs"), "namespace Troupe.Apps.Hello;\n\ninternal static class Step\n{\n    internal static long Size => 1000;\n}\n");
            Edit("_hits += hundred", "_hits += Step.Size");
            await Until(() => Said("swapped /hits", 2), session);
            Assert.Equal("hit 1202\n", await AnswerAsync());
            File.WriteAllText(Path.Combine(_directory, "Step.cs"), "namespace Troupe.Apps.Hello;\n\ninternal static class Step\n{\n    internal static long Size => 10000;\n}\n");
            await Until(() => Said("swapped /hits", 3), session);
            Assert.Equal("hit 11202\n", await AnswerAsync());

            // A message exists once.
            Edit("Increment(Reply<long> Reply)", "Increment(Reply<long> Reply, int Extra = 0)");
            await Until(() => Said("Increment, which is a message"), session);
            Assert.Equal("hit 21202\n", await AnswerAsync());
        }
        finally
        {
            await cancellation.CancelAsync();
            await session.ContinueWith(_ => { }, TaskScheduler.Default);
            _output.WriteLine(string.Join('\n', _said));
        }
    }

    private void Edit(string before, string after)
    {
        var file = Path.Combine(_directory, "HitCounter.cs");
        var text = File.ReadAllText(file);
        Assert.Contains(before, text, StringComparison.Ordinal);
        File.WriteAllText(file, text.Replace(before, after, StringComparison.Ordinal));
    }

    private Task<bool> Said(string what, int times = 1) => Task.FromResult(_said.Count(line => line.Contains(what, StringComparison.Ordinal) && !line.StartsWith("NOT", StringComparison.Ordinal)) >= times);

    private async Task<string> AnswerAsync()
    {
        try
        {
            return await _client.GetStringAsync(new Uri($"http://127.0.0.1:{_port}/"));
        }
        catch (HttpRequestException exception)
        {
            return exception.Message;
        }
    }

    private async Task Until(Func<Task<bool>> condition, Task session)
    {
        var end = DateTime.UtcNow + Patience;
        while (!await condition())
        {
            Assert.True(DateTime.UtcNow < end && !session.IsCompleted, $"It did not come true.\n{session.Exception}\n{string.Join('\n', _said)}");
            await Task.Delay(50);
        }
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
