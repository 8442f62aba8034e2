-- Renames what profiles say, so the release before cannot work beside this one.
ALTER TABLE app ADD COLUMN kind TEXT NOT NULL DEFAULT 'connected_app';

-- User permissions bear Salesforce's own API names. Tokens are seen and ended with View Setup and Configuration beside
-- Manage Users now: who managed users keeps that.
UPDATE profile SET permissions = REPLACE(REPLACE(REPLACE(permissions,
  '"ManageConnectedApps"', '"ManageRemoteAccess"'),
  '"AllowConsumerKeySecretRotation"', '"ClientSecretRotation"'),
  '"ApproveUninstalledConnectedApps"', '"CanApproveUninstalledApps"');

UPDATE permission_set SET permissions = REPLACE(REPLACE(REPLACE(permissions,
  '"ManageConnectedApps"', '"ManageRemoteAccess"'),
  '"AllowConsumerKeySecretRotation"', '"ClientSecretRotation"'),
  '"ApproveUninstalledConnectedApps"', '"CanApproveUninstalledApps"');

UPDATE profile SET permissions = REPLACE(permissions, '"ManageUsers"', '"ManageUsers","ViewSetup"')
  WHERE permissions LIKE '%"ManageUsers"%';

UPDATE permission_set SET permissions = REPLACE(permissions, '"ManageUsers"', '"ManageUsers","ViewSetup"')
  WHERE permissions LIKE '%"ManageUsers"%';

-- Salesforce's own profile of administrators gets each new permission, if nobody has taken one of the others from it.
UPDATE profile SET permissions = REPLACE(permissions, '"ViewSetup"',
  '"ViewSetup","InstallPackaging","UseAnyApiClient","ExternalClientAppDeveloper","ExternalClientAppAdmin","ExternalClientAppViewer","ViewClientSecret","AssignPermissionSets","ManageCertificates"')
  WHERE name = 'System Administrator' AND permissions LIKE '%"ApiEnabled"%'
  AND permissions LIKE '%"CustomizeApplication"%' AND permissions LIKE '%"ModifyAllData"%'
  AND permissions LIKE '%"ManageRemoteAccess"%' AND permissions LIKE '%"ManageProfilesPermissionsets"%'
  AND permissions LIKE '%"ManageUsers"%' AND permissions LIKE '%"ClientSecretRotation"%'
  AND permissions LIKE '%"CanApproveUninstalledApps"%';
