using Microsoft.CodeAnalysis;

namespace Troupe.Actors.Analyzers;

/// <summary>What the class library runs on another thread, or at another time, than the turn it was called in.</summary>
internal static class BesideTurns
{
    private static readonly Dictionary<string, string[]> _methods = new(StringComparer.Ordinal)
    {
        ["System.Threading.Tasks.Task"] = ["Run", "ContinueWith", ".ctor"],
        ["System.Threading.Tasks.TaskFactory"] = ["StartNew", "ContinueWhenAll", "ContinueWhenAny"],
        ["System.Threading.Tasks.Parallel"] = ["For", "ForEach", "Invoke", "ForAsync", "ForEachAsync"],
        ["System.Threading.ThreadPool"] = ["QueueUserWorkItem", "UnsafeQueueUserWorkItem", "RegisterWaitForSingleObject", "UnsafeRegisterWaitForSingleObject"],
        ["System.Threading.Thread"] = [".ctor"],
        ["System.Threading.Timer"] = [".ctor"],
        ["System.TimeProvider"] = ["CreateTimer"],
        ["System.Threading.CancellationToken"] = ["Register", "UnsafeRegister"],
        ["System.Threading.SynchronizationContext"] = ["Post", "Send"],
        ["System.Runtime.CompilerServices.TaskAwaiter"] = ["OnCompleted", "UnsafeOnCompleted"],
        ["System.Runtime.CompilerServices.ValueTaskAwaiter"] = ["OnCompleted", "UnsafeOnCompleted"],
    };

    public static bool Runs(IMethodSymbol method)
    {
        for (INamedTypeSymbol? type = method.ContainingType; type is not null; type = type.BaseType)
        {
            if (_methods.TryGetValue(TypeName(type), out string[]? names) && names.Contains(method.MetadataName))
                return true;
        }

        return false;
    }

    /// <summary>Namespace and name, without type parameters.</summary>
    public static string TypeName(INamedTypeSymbol type) => type.ContainingNamespace.ToDisplayString() + "." + type.Name;
}
