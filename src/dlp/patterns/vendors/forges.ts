import { hasGithubChecksum } from "../checksum.ts";
import { type Rule, token } from "../rule.ts";

const GITHUB = "https://github.blog/2021-04-05-behind-githubs-new-authentication-token-formats/";
const GITLAB = "https://docs.gitlab.com/security/tokens/";

/** A GitHub token that stands alone, and one glued to other text, which its checksum tells from chance. */
function github(id: string, description: string, prefix: string): Rule[] {
  return [
    token(id, description, `\\b(${prefix}_[A-Za-z0-9]{36})(?:[^\\w]|$)`, [`${prefix}_`], GITHUB),
    token(id, description, `(${prefix}_[A-Za-z0-9]{36})`, [`${prefix}_`], GITHUB, {
      check: hasGithubChecksum,
    }),
  ];
}

function gitlab(id: string, description: string, regex: string, keyword: string): Rule {
  return token(id, description, regex, [keyword], GITLAB);
}

/** Where code is kept and built. */
export const FORGES: readonly Rule[] = [
  ...github("github-pat", "GitHub personal access token", "ghp"),
  ...github("github-oauth", "GitHub OAuth access token", "gho"),
  ...github("github-app-token", "GitHub app user token", "ghu"),
  ...github("github-server-token", "GitHub app installation token", "ghs"),
  ...github("github-refresh-token", "GitHub refresh token", "ghr"),
  token(
    "github-fine-grained-pat",
    "GitHub fine-grained personal access token",
    "(github_pat_[A-Za-z0-9]{22}_[A-Za-z0-9]{59})",
    ["github_pat_"],
    "https://github.blog/changelog/2022-10-18-introducing-fine-grained-personal-access-tokens/",
  ),
  gitlab("gitlab-pat", "GitLab personal access token", "(glpat-[\\w-]{20})", "glpat-"),
  gitlab("gitlab-ptt", "GitLab pipeline trigger token", "(glptt-[0-9a-f]{40})", "glptt-"),
  gitlab("gitlab-rrt", "GitLab runner registration token", "(GR1348941[\\w-]{20})", "gr1348941"),
  gitlab("gitlab-runner-authentication-token", "GitLab runner token", "(glrt-[\\w-]{20})", "glrt-"),
  gitlab("gitlab-deploy-token", "GitLab deploy token", "(gldt-[\\w-]{20})", "gldt-"),
  gitlab("gitlab-cicd-job-token", "GitLab job token", "(glcbt-[0-9a-zA-Z]{1,5}_[\\w-]{20})", "glcbt-"),
  gitlab("gitlab-feature-flag-client-token", "GitLab feature flags token", "(glffct-[\\w-]{20})", "glffct-"),
  gitlab("gitlab-feed-token", "GitLab feed token", "(glft-[\\w-]{20})", "glft-"),
  gitlab("gitlab-incoming-mail-token", "GitLab incoming mail token", "(glimt-[\\w-]{25})", "glimt-"),
  gitlab("gitlab-kubernetes-agent-token", "GitLab agent token", "(glagent-[\\w-]{50})", "glagent-"),
  gitlab("gitlab-oauth-app-secret", "GitLab OAuth secret", "(gloas-[\\w-]{64})", "gloas-"),
  gitlab("gitlab-scim-token", "GitLab SCIM token", "(glsoat-[\\w-]{20})", "glsoat-"),
  gitlab("gitlab-session-cookie", "GitLab session", "_gitlab_session=([0-9a-z]{32})", "_gitlab_session="),
  token(
    "bitbucket-app-password",
    "Bitbucket app password",
    "\\b(ATBB[A-Za-z0-9]{32})(?:[^\\w]|$)",
    ["atbb"],
    "https://support.atlassian.com/bitbucket-cloud/docs/app-passwords/",
  ),
  token(
    "bitbucket-access-token",
    "Bitbucket access token",
    "\\b(ATCTT3[\\w=-]{186})",
    ["atctt3"],
    "https://support.atlassian.com/bitbucket-cloud/docs/access-tokens/",
  ),
  token(
    "atlassian-api-token",
    "Atlassian API token",
    "\\b(ATATT3[\\w=-]{186})",
    ["atatt3"],
    "https://support.atlassian.com/atlassian-account/docs/manage-api-tokens-for-your-atlassian-account/",
  ),
  token(
    "azure-devops-pat",
    "Azure DevOps personal access token",
    "\\b([A-Za-z0-9]{76}AZDO[A-Za-z0-9]{4})(?:[^\\w]|$)",
    ["azdo"],
    "https://learn.microsoft.com/azure/devops/organizations/accounts/use-personal-access-tokens-to-authenticate",
  ),
  token(
    "buildkite-agent-token",
    "Buildkite token",
    "\\b(bk(?:ua|ct|at)_[0-9a-f]{40})(?:[^\\w]|$)",
    ["bkua_", "bkct_", "bkat_"],
    "https://buildkite.com/docs/platform/security/tokens",
  ),
  token(
    "circleci-personal-token",
    "CircleCI token",
    "(CCI(?:PAT|PRJ)_[A-Za-z0-9]{22}_[0-9a-f]{40})",
    ["ccipat_", "cciprj_"],
    "https://circleci.com/docs/managing-api-tokens/",
  ),
  token(
    "sourcegraph-access-token",
    "Sourcegraph token",
    "\\b(sgp_(?:(?:[0-9a-fA-F]{16}|local)_)?[0-9a-fA-F]{40})(?:[^\\w]|$)",
    ["sgp_"],
    "https://sourcegraph.com/docs/cli/how-tos/creating_an_access_token",
  ),
  token(
    "sonar-api-token",
    "SonarQube token",
    "\\b(sq[apu]_[0-9a-f]{40})(?:[^\\w]|$)",
    ["sqa_", "sqp_", "squ_"],
    "https://docs.sonarsource.com/sonarqube-server/user-guide/managing-tokens/",
  ),
  token(
    "hashicorp-tf-api-token",
    "Terraform Cloud token",
    "([A-Za-z0-9]{14}\\.atlasv1\\.[A-Za-z0-9_=-]{60,70})",
    [".atlasv1."],
    "https://developer.hashicorp.com/terraform/cloud-docs/users-teams-organizations/api-tokens",
  ),
];
