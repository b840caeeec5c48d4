using Troupe.Actors;
using Troupe.Tools.DevelopmentAgent;

/// <summary>
/// Runs before the program's Main (the runtime's contract wants this name, without a namespace): from then on it hears of every actor system, and of
/// every new behaviour that `troupe dev` compiles.
/// </summary>
internal static class StartupHook
{
    private const string SocketVariable = "TROUPE_DEVELOPMENT_SOCKET";

    public static void Initialize()
    {
        // Processes that the program starts are none of our business.
        Environment.SetEnvironmentVariable("DOTNET_STARTUP_HOOKS", null);
        string? socket = Environment.GetEnvironmentVariable(SocketVariable);
        Environment.SetEnvironmentVariable(SocketVariable, null);
        if (string.IsNullOrEmpty(socket))
            return;
        var swapper = new LiveSwapper();
        AppContext.SetData(ActorSystem.StartedHook, (Action<ActorSystem>)swapper.Add);
        new Thread(() => new AgentConnection(socket, swapper).Run()) { IsBackground = true }.Start();
    }
}
